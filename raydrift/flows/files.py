"""Batches of image files: what folders and frames have in common."""

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.augment.batches import Batch
from raydrift.errors import SettingsError
from raydrift.flows.file_contents import FileContents
from raydrift.flows.flow_checks import checked_size
from raydrift.flows.hooks import Hooks, hooks_of, own_maker_of
from raydrift.flows.images import FileImages, image_shape, shown_path
from raydrift.flows.makers import FlowBatches
from raydrift.flows.saved import save_batch

Array = npt.NDArray[Any]

COLOR_MODES = ("rgb", "rgba", "grayscale")


class BatchFromFilesMixin:
    """Makes batches of the files of an iterator.

    Comes before ``Iterator`` among the bases of a class. The class has ``filepaths``, ``labels``
    and ``sample_weight``, ``class_mode``, ``dtype`` and, where the mode needs them, ``classes`` and
    ``class_indices``; its constructor calls ``set_processing_attrs``.

    Batches are ``x``, ``(x, y)`` or ``(x, y, weights)``. ``x`` is of shape (batch, *image_shape).
    ``y`` by class mode: ``categorical`` (batch, classes), 1 where a sample is of a class;
    ``binary`` and ``sparse`` (batch,), the number of the class, both of ``dtype`` as ``x``;
    ``input`` a copy of ``x``; ``raw`` and ``multi_output`` the labels as they are; None: no ``y``.
    """

    dtype: Any
    class_mode: str | None
    classes: Any
    class_indices: dict[str, int]
    directory: Any = None
    storage_options: Mapping[str, Any] = MappingProxyType({})
    """How buckets are reached; nothing shows the values."""

    def set_processing_attrs(
        self,
        image_data_generator: Any,
        target_size: Any,
        color_mode: str,
        data_format: str,
        save_to_dir: Any,
        save_prefix: str | None,
        save_format: str,
        subset: str | None,
        interpolation: str,
        keep_aspect_ratio: bool = False,
    ) -> None:
        """Sets how files become batches.

        Args:
            image_data_generator: Augments and standardizes; None: images are only loaded.
            target_size: Height and width.
            color_mode: ``rgb``, ``rgba`` or ``grayscale``.
            data_format: ``channels_last`` or ``channels_first``.
            save_to_dir: A folder in which the images of every batch are saved.
            save_prefix: How the names of saved images begin.
            save_format: How they end.
            subset: ``training`` or ``validation``; sets ``split`` to the part of the images.
            interpolation: Pillow's filter.
            keep_aspect_ratio: Whether the middle of an image, in the target's ratio, is resized.

        Raises:
            SettingsError: There is no such colour mode or subset, or the size cannot be.
        """
        self.image_data_generator = image_data_generator
        self.target_size = checked_size(target_size)
        self.keep_aspect_ratio = keep_aspect_ratio
        if color_mode not in COLOR_MODES:
            raise SettingsError(
                f'Invalid color mode: {color_mode}; expected "rgb", "rgba", or "grayscale".'
            )
        self.color_mode = color_mode
        self.data_format = data_format
        self.image_shape = image_shape(self.target_size, color_mode, data_format)
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        self.interpolation = interpolation
        self.subset = subset
        self.split: tuple[float, float] | None = None
        if subset is not None:
            if subset not in ("training", "validation"):
                raise SettingsError(
                    f'Invalid subset name: {subset};expected "training" or "validation"'
                )
            share = getattr(image_data_generator, "_validation_split", None) or 0.0
            self.split = (0, share) if subset == "validation" else (share, 1)

    @property
    def filepaths(self) -> Any:
        """The path of every file."""
        raise NotImplementedError(
            f"`filepaths` property method has not been implemented in {type(self).__name__}."
        )

    @property
    def labels(self) -> Any:
        """What every sample is labelled with."""
        raise NotImplementedError(
            f"`labels` property method has not been implemented in {type(self).__name__}."
        )

    @property
    def sample_weight(self) -> Any:
        """The weight of every sample, or None."""
        raise NotImplementedError(
            f"`sample_weight` property method has not been implemented in {type(self).__name__}."
        )

    def _maker(self: Any) -> Any:
        own = own_maker_of(self)
        if own is not None:
            return own
        options, hooks = self.flow_options, hooks_of(self)
        return FlowBatches(
            self._images(),
            self.image_data_generator,
            self._ids(),
            options.draws,
            self.flow_seed,
            self.dtype,
            self._shape_in_batch(hooks),
            works_in="float32",
            augments=options.augment_validation or self.subset != "validation",
            on_error=options.on_error,
            hooks=hooks,
        )

    def _shape_in_batch(self, hooks: Hooks | None) -> tuple[int | None, ...]:
        """The shape of an image in a batch; None where the first image of a batch says."""
        return self.batch_image_shape if hooks is None else (None,) * 3

    def _images(self: Any) -> FileImages:
        return FileImages(
            self.filepaths,
            self._size_of_loading(),
            self.color_mode,
            self.interpolation,
            self.keep_aspect_ratio,
            self.data_format,
            self.flow_options.decode,
            self._contents,
        )

    @cached_property
    def _contents(self) -> FileContents:
        """Reads the files; what it opens stays open from batch to batch."""
        return FileContents(str(self.directory or ""), self.storage_options)

    @property
    def batch_image_shape(self) -> tuple[int | None, ...]:
        """The shape of an image in a batch."""
        return self.image_shape

    @property
    def known_classes(self) -> Any:
        """The class of every file; else what it is labelled with, or None."""
        if self.class_mode in ("raw", "multi_output"):
            return self.labels if self.class_mode == "raw" else None
        return getattr(self, "classes", None)

    def _size_of_loading(self) -> tuple[int, int] | None:
        """The size in which files are loaded; None: each as it is."""
        return self.target_size

    def _path_of(self, sample: int) -> str:
        return shown_path(self.filepaths[sample])

    def _shape(self) -> tuple[int | None, ...]:
        return self.image_shape

    def _batch_bytes(self: Any) -> int:
        if None in self.image_shape:
            return 0
        return int(np.prod(self.image_shape) * self.batch_size * np.dtype(self.dtype).itemsize)

    def _yielded(self: Any, arrays: list[Array], batch: Batch) -> Any:
        x = arrays[0] if len(arrays) == 1 else arrays
        if self.save_to_dir and len(arrays) == 1:
            self._save(arrays[0], batch)
        y = self._targets_of(x, batch.samples)
        if y is None:
            return x
        weights = self.sample_weight
        return (x, y) if weights is None else (x, y, weights[batch.samples])

    def _save(self, images: Array, batch: Batch) -> None:
        save_batch(self, images, batch)

    def _targets_of(self, x: Any, samples: npt.NDArray[np.int64]) -> Any:
        mode = self.class_mode
        if mode == "input":
            return x.copy()
        if mode in ("binary", "sparse"):
            return np.array([self.classes[sample] for sample in samples], self.dtype)
        if mode == "categorical":
            y = np.zeros((len(samples), len(self.class_indices)), self.dtype)
            for place, sample in enumerate(samples):
                y[place, self.classes[sample]] = 1.0
            return y
        if mode == "multi_output":
            return [output[samples] for output in self.labels]
        return self.labels[samples] if mode == "raw" else None
