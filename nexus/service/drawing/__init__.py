"""Drawings that the server makes: SVG without a style or a script, each with words beside it."""
