"""A model's opinion of what was concluded and written: beside the scorers, no reason to fail a build."""
