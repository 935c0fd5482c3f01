"""Drift of a camera: transforms of the catalogue whose names begin with ``isp``."""
