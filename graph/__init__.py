"""The state machine: a pure supervisor, five steps and two duties of role nodes, one wait, one execute."""
