"""Secrets are masked before anything is stored, logged or shown to a model."""
