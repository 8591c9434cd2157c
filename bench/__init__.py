"""Measurements of sparkup itself, as ratios within one run: python -m bench [PART ...]."""
