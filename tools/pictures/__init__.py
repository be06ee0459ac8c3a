"""Charts and screenshots, for people."""
