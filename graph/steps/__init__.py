"""The five steps of the runbook and the two duties, each a specification for the one builder."""
