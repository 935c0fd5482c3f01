"""What a run found, told to a tracking server. MLflow is imported inside functions alone."""
