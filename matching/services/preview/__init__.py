"""What something that is not stored yet would find: computed by the same rules and kernel, nothing is written."""
