"""Generative networks: CycleGAN translates a domain, StyleGAN2 makes more images of a small set."""
