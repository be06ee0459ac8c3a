"""Kubernetes as it is asked and read: its objects, what its revisions are called, what runs, who sizes it."""
