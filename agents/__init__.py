"""The named roles, and the two engines that can speak for them: a language model and the playbook."""
