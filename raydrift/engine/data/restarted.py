"""Whether an actor takes the place of one that was killed."""

import warnings

import ray


def was_restarted() -> bool:
    """Whether this actor may have been killed by an image that it will be given again.

    It decodes in a child process from then on.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Ray's own, about itself
        return bool(ray.get_runtime_context().was_current_actor_reconstructed)
