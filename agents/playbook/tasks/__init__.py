"""One module per task of the runbook: the playbook's typed report, the same that a model gives."""
