"""Adaptive augmentation of what a discriminator sees (Karras et al. 2020)."""
