"""Frozen values of the field: no I/O, standard library only."""
