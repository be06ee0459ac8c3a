"""What people say in a chat comes in here; what they are told there goes out through `nexus.notify`."""
