"""Model runs under inspect-ai: the incident graph as a solver, the same scorers, logs for its viewer.

Needs the extra `inspect`; nothing else in the home imports this package.
"""
