"""What the war room's pages show: one frozen view for each, its sentences made by pure functions."""
