"""Batches of images that are in memory."""

from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.augment.batches import Batch, BatchMaker
from raydrift.augment.compat import FIXED
from raydrift.errors import SettingsError
from raydrift.flows.consecutive import Consecutive
from raydrift.flows.hooks import hooks_of, own_maker_of
from raydrift.flows.images import ArrayImages
from raydrift.flows.iterator import Iterator
from raydrift.flows.keras_there import floatx, image_data_format
from raydrift.flows.makers import FlowBatches
from raydrift.flows.options import options_of
from raydrift.flows.saved import save_batch
from raydrift.warned import warn

Array = npt.NDArray[Any]


class NumpyArrayIterator(Iterator):
    """Batches of arrays: ``x``, ``(x, y)`` or ``(x, y, weights)``.

    ``x`` is of shape (batch, height, width, channels) and of ``dtype``; where there are other
    arrays, it is a list of the images and of these. ``y`` and the weights keep their dtype. Without
    ``y`` no weights are given.

    Attributes:
        x: All images, of ``dtype``.
        y: Their labels, or None.
        x_misc: What is given beside the images.
        sample_weight: Their weights, or None; split with the images.

    Args:
        x: Images of rank 4, or (images, others): others an array or a list of arrays.
        y: Labels, one for each image.
        image_data_generator: Augments and standardizes.
        batch_size: Samples a batch.
        shuffle: Whether each epoch has an order of its own.
        sample_weight: Weights, one for each image.
        seed: 0 to 2^64 - 1; None: another one each time.
        data_format: ``channels_last`` or ``channels_first``; None: the first, or Keras' own.
        save_to_dir: A folder in which the images of every batch are saved.
        save_prefix: How the names of saved images begin.
        save_format: How they end.
        subset: ``training`` or ``validation``: the first images are for validation.
        ignore_class_split: Whether both parts may have different labels.
        dtype: Of the images; None: float32, or Keras' own.

    Raises:
        SettingsError: What is given does not fit together; it is a ValueError.
    """

    _in_memory = True

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: Any,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: Any = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str | None = "",
        save_format: str = "png",
        subset: str | None = None,
        ignore_class_split: bool = False,
        dtype: npt.DTypeLike | None = None,
        **kwargs: Any,
    ) -> None:
        data_format = data_format or image_data_format()
        self.dtype = dtype or floatx()
        images, others = _parts(x)
        _check_lengths(images, y, sample_weight)
        part = slice(None)
        if subset is not None:
            part = _part(len(images), subset, image_data_generator)
            if y is not None and not ignore_class_split:
                _check_labels(y, part, options_of(image_data_generator).compat)
        self.x = np.asarray(images[part], dtype=self.dtype)
        self.x_misc = [np.asarray(other[part]) for other in others]
        self.y = None if y is None else np.asarray(y[part])
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight[part])
        _check_images(self.x, data_format)
        self._first = part.start or 0
        self.subset = subset
        self.image_data_generator = image_data_generator
        self.data_format = data_format
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        super().__init__(self.x.shape[0], batch_size, shuffle, seed, **kwargs)

    def _maker(self) -> BatchMaker:
        own = own_maker_of(self)
        if own is not None:
            return own
        options, hooks = self.flow_options, hooks_of(self)
        return FlowBatches(
            ArrayImages(self.x, self.dtype),
            self.image_data_generator,
            self._ids(),
            options.draws,
            self.flow_seed,
            self.dtype,
            self.batch_image_shape if hooks is None else (None,) * 3,
            augments=options.augment_validation or self.subset != "validation",
            on_error=options.on_error,
            hooks=hooks,
        )

    def _ids(self) -> Consecutive:
        return Consecutive(self._first)

    @property
    def batch_image_shape(self) -> tuple[int | None, ...]:
        """The shape of an image in a batch."""
        return self.x.shape[1:]

    @property
    def known_classes(self) -> Any:
        """The label of every image, or None."""
        return self.y

    def _shape(self) -> tuple[int | None, ...]:
        return self.x.shape[1:]

    def _batch_bytes(self) -> int:
        return int(self.x[:1].nbytes) * self.batch_size

    def _yielded(self, arrays: list[Array], batch: Batch) -> Any:
        images, samples = arrays[0], batch.samples
        if self.save_to_dir:
            save_batch(self, images, batch, numbers=10**4)
        x = [images, *(other[samples] for other in self.x_misc)] if self.x_misc else images
        if self.y is None:
            return x
        if self.sample_weight is None:
            return x, self.y[samples]
        return x, self.y[samples], self.sample_weight[samples]


def _parts(x: Any) -> tuple[Any, list[Array]]:
    """The images, and what is given beside them."""
    if not isinstance(x, tuple | list):
        return x if hasattr(x, "shape") else np.asarray(x), []
    images, others = x[0], x[1]
    arrays = [np.asarray(o) for o in (others if isinstance(others, list) else [others])]
    for other in arrays:
        if len(images) != len(other):
            raise SettingsError(
                "All of the arrays in `x` should have the same length. Found a pair with: "
                f"len(x[0]) = {len(images)}, len(x[?]) = {len(other)}"
            )
    return images, arrays


def _check_lengths(x: Any, y: Any, sample_weight: Any) -> None:
    for name, what, given in (
        ("y", "`y` (labels)", y),
        ("sample_weight", "`sample_weight`", sample_weight),
    ):
        if given is not None and len(x) != len(given):
            raise SettingsError(
                f"`x` (images tensor) and {what} should have the same length. Found: x.shape = "
                f"{np.shape(x)}, {name}.shape = {np.shape(given)}"
            )


def _part(count: int, subset: str, generator: Any) -> slice:
    if subset not in ("training", "validation"):
        raise SettingsError(f'Invalid subset name: {subset}; expected "training" or "validation".')
    # A generator that was not told a split has no validation images.
    share = getattr(generator, "_validation_split", None) or 0.0
    cut = int(count * share)
    return slice(0, cut) if subset == "validation" else slice(cut, count)


def _check_labels(y: Any, part: slice, compat: str) -> None:
    """Refuses parts that have different labels; numbers with a point are no labels in ``fixed``."""
    labels = np.asarray(y)
    if compat == FIXED and labels.dtype.kind == "f" and not np.all(labels == np.floor(labels)):
        return
    cut = part.stop if part.start == 0 and part.stop != len(labels) else part.start
    if not np.array_equal(np.unique(labels[:cut]), np.unique(labels[cut:])):
        raise SettingsError(
            "Training and validation subsets have different number of classes after the split. "
            "If your numpy arrays are sorted by the label, you might want to shuffle them."
        )


def _check_images(x: Array, data_format: str) -> None:
    if x.ndim != 4:
        raise SettingsError(
            "Input data in `NumpyArrayIterator` should have rank 4. You passed an array with "
            f"shape {x.shape}"
        )
    axis = 3 if data_format == "channels_last" else 1
    if x.shape[axis] not in (1, 3, 4):
        warn(
            f'NumpyArrayIterator is set to use the data format convention "{data_format}" '
            f"(channels on axis {axis}), i.e. expected either 1, 3, or 4 channels on axis {axis}. "
            f"However, it was passed an array with shape {x.shape} ({x.shape[axis]} channels)."
        )
