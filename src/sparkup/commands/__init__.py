"""Argument vectors, one file a program; nothing here runs them."""
