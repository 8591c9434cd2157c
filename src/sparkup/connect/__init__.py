"""The one door to a host."""
