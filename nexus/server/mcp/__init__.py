"""Nexus as a server of the Model Context Protocol: what programs read, ask, leave and open for a person.

Nothing here decides, commands or stops: no such tool exists, and the service refuses whoever comes this way.
"""
