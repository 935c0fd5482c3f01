"""StyleGAN2: new images of a small set (Karras et al. 2020)."""
