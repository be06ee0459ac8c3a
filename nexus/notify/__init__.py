"""Telling people outside: who is told what, the outbox, and one module or folder per destination."""
