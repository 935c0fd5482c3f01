"""The learning rate over a training."""


def rate_share(step: int, steps: int, decay: float) -> float:
    """The share of its learning rate that a step is trained with.

    It is 1, and falls on a straight line to 0 over the last steps: the first of them still has 1,
    and the step after the training would have 0.

    Args:
        step: The step's number, from 0.
        steps: Steps of the whole training.
        decay: The share of the steps in which the rate falls, 0 to 1.

    >>> [rate_share(step, 8, 0.5) for step in range(8)]
    [1.0, 1.0, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25]
    """
    if decay == 0:
        return 1.0
    return min(1.0, max(0, steps - step) / (decay * steps))
