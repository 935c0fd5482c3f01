"""Mean, standard deviation and whitening of the images of a flow, in one pass."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from raydrift.augment.statistics import Statistics
from raydrift.augment.zca import check_room, whitening_of
from raydrift.images.pixels import RGB

if TYPE_CHECKING:
    from raydrift.flows.part import FlowPart

Floats = npt.NDArray[np.float64]

_WHITE = 255.0


@dataclass(frozen=True, eq=False)
class FlowStatistics:
    """Mean and deviation of the images of a flow, on a scale where white is 1.

    Attributes:
        images: How many were looked at.
        mean: float64 of shape (3,): of each channel.
        std: float64 of shape (3,): of each channel, over all pixels.
        whitening: float64 of shape (d, d), d = height · width · 3: what images, less
            ``mean_image`` and flat, are multiplied by from the right; None: not asked for.
        mean_image: float64 of shape (height, width, 3), beside it.
    """

    images: int
    mean: Floats
    std: Floats
    whitening: Floats | None = None
    mean_image: Floats | None = None


def statistics_of(part: "FlowPart", epoch: int | None, whitening: bool) -> FlowStatistics:
    """Looks at each image of a part once.

    Args:
        part: The part.
        epoch: The augmented images of an epoch; None: the images as they are.
        whitening: Whether the whitening matrix is wanted.

    Raises:
        SettingsError: The matrix would take more memory than there is.
    """
    image = part.settings.image
    shape = (image.height, image.width, 3)
    if whitening:
        check_room(shape)
    covariance = _Covariance(int(np.prod(shape))) if whitening else None
    whole, count = Statistics(), 0
    images = _images(part, epoch)
    with closing(images):
        for pixels in images:
            count += len(pixels)
            whole += Statistics.of(pixels)
            if covariance is not None:
                covariance.add(pixels)
    mean, std = whole.mean / _WHITE, whole.std / _WHITE
    if covariance is None:
        return FlowStatistics(count, mean, std)
    return FlowStatistics(count, mean, std, covariance.whitening, covariance.mean.reshape(shape))


def _images(part: "FlowPart", epoch: int | None) -> Generator[RGB]:
    maker = part.plain() if epoch is None else part.maker
    for batch in part.made(maker, epoch or 0):
        yield batch.arrays[0]


class _Covariance:
    """The sums that the covariance of flat images comes from."""

    def __init__(self, size: int) -> None:
        self._count = 0
        self._sum = np.zeros(size)
        self._products = np.zeros((size, size))

    def add(self, pixels: RGB) -> None:
        flat = pixels.reshape(len(pixels), -1).astype(np.float64) / _WHITE
        self._count += len(flat)
        self._sum += flat.sum(axis=0)
        self._products += flat.T @ flat

    @property
    def mean(self) -> Floats:
        return self._sum / self._count

    @property
    def whitening(self) -> Floats:
        mean = self.mean
        return whitening_of(self._products / self._count - np.outer(mean, mean))
