"""What standardization has to know of a set: its mean, its deviation, its whitening matrix."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.augment.statistics import Statistics, broadcast
from raydrift.augment.zca import check_room, zca_matrix
from raydrift.errors import SettingsError
from raydrift.flows.drawing import drawing_from, state_of
from raydrift.flows.makers import FlowBatches
from raydrift.flows.served import Served
from raydrift.seeds import check_seed
from raydrift.warned import warn

Array = npt.NDArray[Any]

_AT_ONCE: Final = 2**27  # numbers of images that are kept for a whitening matrix: 1 GiB


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was found.

    Attributes:
        mean: Of each channel, as it broadcasts over an image; None: not asked for.
        std: Of each channel; None: not asked for.
        zca: The whitening matrix; None: not asked for.
    """

    mean: Array | None
    std: Array | None
    zca: Array | None


def fit(generator: Any, x: Any, augment: bool, rounds: int, seed: Any) -> Fitted:
    """Looks at a set as the generator standardizes it.

    Args:
        generator: Says what is asked for.
        x: Images of rank 4, or a flow, which is read once, however large it is.
        augment: Whether augmented images are looked at.
        rounds: How often.
        seed: Of the augmentation.

    Raises:
        SettingsError: The images are not of rank 4, or a whitening matrix has no room.
    """
    images = _Source(generator, x, augment, rounds, seed)
    axis = generator.channel_axis - 1
    statistics = Statistics()
    if generator.featurewise_center or generator.featurewise_std_normalization:
        for image in images:
            statistics += Statistics.of(image, axis)
    if images.left_to_rescale:
        statistics = statistics.rescaled(images.left_to_rescale)
    mean = std = zca = None
    if generator.featurewise_center:
        mean = broadcast(statistics.mean, axis, generator.dtype)
    if generator.featurewise_std_normalization:
        std = broadcast(statistics.std, axis, generator.dtype)
    if generator.zca_whitening:
        how = (generator.zca_epsilon, generator.compat)
        zca = _whitening(_centred(images, mean, std), *how)
    return Fitted(mean, std, None if zca is None else zca.astype(generator.dtype))


class _Source:
    """The images, one after the other, as often as they are asked for.

    Attributes:
        left_to_rescale: By what they are to be multiplied; 0: nothing. Where they are not
            augmented, that is exact after they are counted. Keras rescales arrays before it
            augments them; a flow rescales what it augmented.
    """

    def __init__(self, generator: Any, x: Any, augment: bool, rounds: int, seed: Any) -> None:
        self._generator, self._augment, self._rounds = generator, augment, rounds
        self._given_seed = seed
        self._seed = seed if seed is not None else secrets.randbelow(2**32)
        self._x = x if isinstance(x, Served) else _checked(generator, x)
        rescale = float(generator.rescale or 0)
        self._rescales_first = bool(rescale and augment and not isinstance(x, Served))
        self.left_to_rescale = 0.0 if self._rescales_first else rescale

    def __iter__(self) -> Iterator[Array]:
        if isinstance(self._x, Served):
            yield from loaded(self._x, self._augment, self._rounds, self._given_seed)
            return
        if not self._augment:
            yield from self._x
            return
        with drawing_from(state_of(self._seed)):
            for _ in range(self._rounds):
                for image in self._x:
                    if self._rescales_first:
                        image = image * image.dtype.type(self._generator.rescale)
                    yield self._generator.random_transform(image)


def loaded(flow: Any, augment: bool, rounds: int, seed: Any = None) -> Iterator[Array]:
    """The images of a flow before they are standardized, of whole epochs.

    Args:
        flow: The flow; it is not moved.
        augment: Whether they are augmented.
        rounds: Epochs, if they are; else it is one.
        seed: By which they are, 0 to 2^64 - 1; None: the flow's own.
    """
    maker = flow._maker()
    if not isinstance(maker, FlowBatches):
        raise SettingsError("fit cannot look into this flow: give it one of images")
    maker = replace(maker, augments=augment, standardizes=False)
    if seed is not None:
        maker = replace(maker, seed=check_seed(seed))
    for epoch in range(rounds if augment else 1):
        for batch in flow.made_once(maker, epoch):
            yield from batch.arrays[0]


def _checked(generator: Any, x: Any) -> Array:
    images: Array = np.asarray(x, dtype=generator.dtype)
    axis = generator.channel_axis
    if images.ndim != 4:
        raise SettingsError(
            f"Input to `.fit()` should have rank 4. Got array with shape: {images.shape}"
        )
    if images.shape[axis] not in (1, 3, 4):
        warn(
            "Expected input to be images (as Numpy array) following the data format convention "
            f'"{generator.data_format}" (channels on axis {axis}), i.e. expected either 1, 3 or 4 '
            f"channels on axis {axis}. However, it was passed an array with shape {images.shape} "
            f"({images.shape[axis]} channels)."
        )
    return images


def _centred(images: _Source, mean: Array | None, std: Array | None) -> Iterator[Array]:
    for image in images:
        x = image.astype(np.float64)
        if images.left_to_rescale:
            x *= images.left_to_rescale
        if mean is not None:
            x -= mean
        if std is not None:
            x /= std + 1e-6
        yield x


def _whitening(images: Iterator[Array], epsilon: float, compat: str) -> Array:
    """The matrix of images that are kept, or of so many that their products alone are."""
    kept: list[Array] = []
    products, count = None, 0
    for image in images:
        if not count:
            check_room(image.shape)
        kept.append(image.reshape(-1))
        count += 1
        if len(kept) * image.size >= _AT_ONCE:
            products = _products(kept, products)
            kept = []
    if products is None:
        whole: Array = zca_matrix(np.array(kept), epsilon, compat)
        return whole
    if kept:
        products = _products(kept, products)
    # Images of the same covariance, as many as they have numbers.
    spread, directions = np.linalg.eigh(products / count)
    rows = directions.T * np.sqrt(np.maximum(spread, 0) * len(spread))[:, np.newaxis]
    found: Array = zca_matrix(rows, epsilon, compat)
    return found


def _products(kept: list[Array], before: Array | None) -> Array:
    x = np.array(kept)
    found: Array = x.T @ x
    if before is not None:
        found += before
    return found
