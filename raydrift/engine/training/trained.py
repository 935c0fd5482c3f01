"""A model that is trained now, on the images of a run."""
def trained_model(*a, **k):
    raise NotImplementedError
