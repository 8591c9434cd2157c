"""Inputs are parsed here once, into frozen values."""
