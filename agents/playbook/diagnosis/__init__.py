"""From what the checks found to one diagnosis: hypotheses, how sure, what was innocent."""
