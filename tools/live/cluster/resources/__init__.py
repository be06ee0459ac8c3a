"""The objects of a namespace and of its cluster as values, each no further than a rule reads it."""
