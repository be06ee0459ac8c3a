"""What chat servers really send, read into the one form that the client knows."""
