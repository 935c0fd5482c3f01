"""Random numbers that depend on what they are for and on nothing else.

Every draw comes from a Philox generator keyed by (seed, operation, sample id, epoch). Philox is
counter-based: the key selects one of 2^128 streams, and the sample id and the epoch one of 2^128
disjoint parts of it, so no stream has to be advanced past another, none can overlap, and no number
depends on which worker draws it, or when.
"""

from numbers import Integral
from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift.errors import SettingsError

ORDER: Final = 2**63
"""The operation that orders the catalog. Transforms use their position: 0, 1, 2, …"""

PERMUTATIONS: Final = ORDER + 1
PROJECTIONS: Final = ORDER + 2
FOLDS: Final = ORDER + 3
BANDWIDTH: Final = ORDER + 4
RESAMPLES: Final = ORDER + 7
"""What the metrics draw: orders of rows, directions, a classifier's folds, rows for a median, rows
for an interval."""

SPLITS: Final = ORDER + 8
"""What a probe draws: which files it is trained on, by the number of the split."""

TRAINING: Final = ORDER + 9
"""What a network that is trained draws, by the number of the split: the seed of all its draws."""

SEARCHES: Final = ORDER + 12
"""What a search for a camera draws: where it starts, and which images each step looks at."""

CLASSES: Final = ORDER + 5
PROPORTIONS: Final = ORDER + 6
"""What a label shift draws: the class of each sample, and a whole mix of classes."""

FLOW_ORDER: Final = ORDER + 13
"""What orders the samples of a flow, by epoch."""

FLOW_DRAW: Final = ORDER + 14
"""What an augmentation draws, by sample and epoch."""

FLOW_REPLACEMENT: Final = ORDER + 15
"""Which image takes the place of one that cannot be used, by sample and epoch."""

FLOW_SPLIT: Final = ORDER + 16
"""Which samples of a flow are for validation."""

FLOW_NAMES: Final = ORDER + 17
"""The numbers in the names of saved images of a flow, by sample and epoch."""

GAN_WEIGHTS: Final = ORDER + 18
"""What the weights of a generative network begin with, by the number of the network."""

GAN_BATCH: Final = ORDER + 19
"""Which images a training step of a generative network sees, by step or epoch."""

GAN_DRAW: Final = ORDER + 20
"""What else a training step draws (latents, noise, augmentation, pools), by step and purpose."""

GAN_LATENT: Final = ORDER + 21
"""The latent of a generated image, by its number and its class."""

GAN_SPLIT: Final = ORDER + 22
"""Which images a generative network does not see in its training."""

REPLACED: Final = ORDER + 23
"""Which image of another set takes a sample's place, by the drift's place and the time around."""

CORRUPTIONS: Final = ORDER + 2**32
"""What corruptions draw: + 16 · the place of its name + the severity, by sample."""

CHANCE: Final = 2**62
"""Whether a sample drifts, of the first drift on the timeline; the others follow: + 1, + 2, …"""

_LIMIT: Final = 2**64


def check_seed(seed: object) -> int:
    """Returns the seed, whichever integer type it is of, as a plain int.

    Raises:
        SettingsError: It is not a whole number from 0 to 2^64 - 1.
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= int(seed) < _LIMIT:
        raise SettingsError(f"seed is {seed!r}: give a whole number from 0 to 2^64 - 1")
    return int(seed)


def generator(seed: int, operation: int, sample_id: int, epoch: int = 0) -> np.random.Generator:
    """Makes the generator of one operation on one sample.

    Args:
        seed: The run's seed, 0 to 2^64 - 1.
        operation: What is drawn: a transform's position in its list, or ``ORDER``.
        sample_id: The sample, 0 to 2^64 - 1.
        epoch: Which pass over the samples it is, 0 to 2^64 - 1.

    Returns:
        A generator at the start of a stream of its own, 2^128 numbers long.

    >>> generator(42, 0, 7).random() == generator(42, 0, 7).random()
    True
    >>> generator(42, 0, 7, epoch=1).random() == generator(42, 0, 7).random()
    False
    """
    return np.random.Generator(_stream(seed, operation, sample_id, epoch))


def random_state(
    seed: int, operation: int, sample_id: int, epoch: int = 0
) -> np.random.RandomState:
    """As ``generator``, with the methods that older libraries draw by: it is of the same stream.

    >>> random_state(42, 0, 7).uniform(-1, 1) == random_state(42, 0, 7).uniform(-1, 1)
    True
    """
    return np.random.RandomState(_stream(seed, operation, sample_id, epoch))


def _stream(seed: int, operation: int, sample_id: int, epoch: int) -> np.random.Philox:
    key = np.array([seed, operation], dtype=np.uint64)
    counter = np.array([0, 0, sample_id, epoch], dtype=np.uint64)
    return np.random.Philox(key=key, counter=counter)


def uniforms(seed: int, operation: int, first: int, count: int) -> npt.NDArray[np.float64]:
    """Four numbers in [0, 1) for each of many samples in a row.

    Args:
        seed: The run's seed, 0 to 2^64 - 1.
        operation: What is drawn; another one than for ``generator``, whose numbers these overlap.
        first: The first sample.
        count: How many samples.

    Returns:
        Float64 of shape (count, 4), multiples of 2^-53. A sample's row depends on the seed, the
        operation and the sample alone: it is Philox's block of that number.

    >>> bool((uniforms(42, CHANCE, 5, 3)[2] == uniforms(42, CHANCE, 7, 1)[0]).all())
    True
    """
    key = np.array([seed, operation], dtype=np.uint64)
    counter = np.array([first, 0, 0, 0], dtype=np.uint64)
    words = np.random.Philox(key=key, counter=counter).random_raw(4 * count)
    numbers = (words >> 11).astype(np.float64) * 2.0**-53
    return numbers.reshape(count, 4)
