"""What to ask a host and how to read the answers, one file a source of truth."""
