"""Decisions as pure functions: observations in, plans and errors out."""
