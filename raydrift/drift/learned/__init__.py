"""Drift that was learned from images: what a network made of them is blended in."""
