"""A `ray` without tasks and objects: it starts as long as the real one does, and its hosts really join.

`ray start`, `ray status`, and the client of `ray._raylet` that tells which hosts are there. The head listens
on its port (gcs.py); a host is in the cluster for as long as its connection to there lives.
"""
