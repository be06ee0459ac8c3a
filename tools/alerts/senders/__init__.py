"""One file per sender: its form, and beside it the bodies that the conformance suite reads."""
