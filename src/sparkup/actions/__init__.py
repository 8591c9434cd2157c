"""One file a verb: what it does, stage by stage."""
