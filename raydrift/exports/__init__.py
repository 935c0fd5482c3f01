"""What a run wrote, or a model, in files for other programs."""
