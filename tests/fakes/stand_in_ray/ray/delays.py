"""How long the real Ray takes, in seconds from the call, where nothing else runs.

Ray 2.60.0 of the managed environment `cpu` (without extras) on two cores: `ray start` took 3.6 s for a head
and 3.5 s for another host. What happens in between was seen at a load of 4, by the head's port and
GcsClient, and is scaled to that.
"""

LISTENS = 1.0  # the head takes connections
HEAD_JOINS, HEAD_STARTED = 2.9, 3.6
JOINS, STARTED = 2.2, 3.5  # any other host
STATUS = 1.2  # `ray status`
IMPORT = 0.45  # `import ray`, for the client
ALONE = 60.0  # that a host waits for a head that is gone (gcs_rpc_server_reconnect_timeout_s)
ENDS = 1.6  # from SIGTERM to the end of a host's daemons
