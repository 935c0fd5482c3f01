"""The order of samples in each epoch of a flow."""

import numpy as np
import numpy.typing as npt

from raydrift import seeds


def epoch_order(seed: int, samples: int, epoch: int, time: int = 0) -> npt.NDArray[np.int64]:
    """A permutation of the samples, which depends on nothing but the arguments.

    Args:
        seed: 0 to 2^64 - 1.
        samples: How many there are.
        epoch: The epoch, from 0.
        time: Which order of the epoch it is: 0, or from 1 on those that fill up its last batch.

    >>> epoch_order(42, 5, epoch=0).tolist(), epoch_order(42, 5, epoch=1).tolist()
    ([0, 3, 1, 4, 2], [0, 3, 2, 1, 4])
    """
    rng = seeds.generator(seed, seeds.FLOW_ORDER, time, epoch)
    return rng.permutation(samples)
