"""Effects that are not tied to a display."""
