"""The pages of the war room, made on the server."""
