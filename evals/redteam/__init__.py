"""Attacks on the agents: instructions hidden in what they read, and whether anything came of them."""
