"""Alert bodies as senders write them, read into typed alerts; one module per sender's form."""
