"""The words of the trade: frozen values and pure rules; no I/O, no framework."""
