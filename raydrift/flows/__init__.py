"""Augmented batches for training: Keras' generators, and a face for those who begin today."""
