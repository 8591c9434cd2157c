"""Programs that run on a host: standard library only, Python 3.8, each one file that is put there."""
