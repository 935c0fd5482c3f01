"""Which images a step sees, and which part of them.

Images are kept a little larger than the network sees them, so that each time a random part of them
can be shown. All is drawn from (seed, step) for the whole batch, so that any number of workers sees
the same images, of which each takes its share.
"""

from math import ceil
from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift import seeds
from raydrift.errors import SettingsError
from raydrift.gan.draws import Purpose, step_numbers
from raydrift.gan.trainer import Pictures, Pixels
from raydrift.settings.image import ImageSettings
from raydrift.settings.translate import TranslateTraining

_KEPT: Final = 286  # pixels that are kept
_SEEN: Final = 256  # for so many that are seen

Indices = npt.NDArray[np.int64]


def load_size(image: ImageSettings) -> tuple[int, int]:
    """The height and the width that images of a training are kept at: 286/256 of what is seen.

    >>> load_size(ImageSettings(height=256, width=128))
    (286, 143)
    """
    return round(image.height * _KEPT / _SEEN), round(image.width * _KEPT / _SEEN)


def steps_of(train: TranslateTraining, larger: int) -> tuple[int, int]:
    """Steps of the whole training, and steps from one save to the next.

    Args:
        train: How it is trained.
        larger: Images of the larger domain, which are the pairs of an epoch.

    >>> steps_of(TranslateTraining(epochs=10, save_every=2, batch_size=4), 25)
    (63, 13)
    """
    return (
        ceil(train.epochs * larger / train.batch_size),
        ceil(train.save_every * larger / train.batch_size),
    )


class Pairs:
    """The batches of a training: images of both domains, cropped and mirrored.

    An epoch shows every image of the larger domain once, in an order of its own, each with a
    random image of the smaller one.

    Args:
        source: The domain to translate from, kept at ``load_size``.
        target: The domain to translate into, likewise.
        image: The size that the networks see.
        channels: Of the images.
        batch: Pairs of a step, over all workers.
        seed: Of the training.

    Raises:
        SettingsError: A domain is empty.
    """

    def __init__(
        self,
        source: Pictures,
        target: Pictures,
        image: ImageSettings,
        channels: int,
        batch: int,
        seed: int,
    ) -> None:
        for name, pictures in (("source", source), ("target", target)):
            if not len(pictures):
                raise SettingsError(f"the {name} domain has no images to train on: give some")
        self._domains = (source, target)
        self._image = image
        self._kept = (*load_size(image), channels)
        self._batch = batch
        self._seed = seed
        self._order: tuple[int, Indices] = (-1, np.empty(0, np.int64))

    @property
    def larger(self) -> int:
        """Images of the larger domain."""
        return max(len(pictures) for pictures in self._domains)

    def take(self, step: int, share: slice) -> tuple[Pixels, Pixels]:
        """The images of a step, or a worker's share of them.

        Args:
            step: The step's number, from 0.
            share: Which of the batch's pairs.

        Returns:
            Source and target, uint8 of shape (pairs, height, width, channels).

        Raises:
            SettingsError: The images are not kept at ``load_size``.
        """
        source, target = (
            self._parts(pictures, indices[share], step, domain, share)
            for domain, (pictures, indices) in enumerate(
                zip(self._domains, self.indices(step), strict=True)
            )
        )
        return source, target

    def indices(self, step: int) -> tuple[Indices, Indices]:
        """Which images of the source and of the target are the pairs of a step."""
        places = step * self._batch + np.arange(self._batch, dtype=np.int64)
        epochs, inside = np.divmod(places, self.larger)
        large = np.array([self._ordered(int(e))[i] for e, i in zip(epochs, inside, strict=True)])
        smaller = min(len(pictures) for pictures in self._domains)
        partners = step_numbers(self._seed, step, Purpose.PARTNER)
        small = partners.integers(smaller, size=self._batch)
        source, target = self._domains
        return (large, small) if len(source) >= len(target) else (small, large)

    def _ordered(self, epoch: int) -> Indices:
        """The order of the larger domain in an epoch."""
        if self._order[0] != epoch:
            drawn = seeds.generator(self._seed, seeds.GAN_BATCH, epoch)
            self._order = (epoch, drawn.permutation(self.larger))
        return self._order[1]

    def _parts(
        self, pictures: Pictures, indices: Indices, step: int, domain: int, share: slice
    ) -> Pixels:
        """A random part of each image, at the size that is seen, mirrored with chance one half."""
        kept = pictures.take(indices)
        if kept.shape[1:] != self._kept:
            raise SettingsError(
                f"images of the training are {kept.shape[1:]}, not {self._kept} (height, width, "
                "channels): prepare them anew for this size"
            )
        height, width = self._image.height, self._image.width
        room = np.array([self._kept[0] - height + 1, self._kept[1] - width + 1])
        drawn = step_numbers(self._seed, step, Purpose.CROP, domain).random((self._batch, 2))
        corners = (drawn * room).astype(np.int64)[share]
        mirrored = step_numbers(self._seed, step, Purpose.MIRROR, domain).random(self._batch) < 0.5
        parts = np.empty((len(indices), height, width, self._kept[2]), np.uint8)
        for part, whole, (top, left), turn in zip(
            parts, kept, corners, mirrored[share], strict=True
        ):
            seen = whole[top : top + height, left : left + width]
            part[...] = seen[:, ::-1] if turn else seen
        return parts
