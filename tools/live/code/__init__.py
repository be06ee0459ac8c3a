"""The sources of a live world: the repositories of its hotfixes, to be read, and to try patches on."""
