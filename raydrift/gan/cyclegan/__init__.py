"""CycleGAN: one domain is made to look like another, without pairs (Zhu et al. 2017)."""
