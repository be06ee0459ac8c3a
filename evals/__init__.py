"""Offline evals: recorded incidents, run through the real graph and scored against what was true."""
