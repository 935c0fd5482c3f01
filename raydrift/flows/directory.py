"""Batches of the images in class folders."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.errors import SettingsError
from raydrift.flows.files import BatchFromFilesMixin
from raydrift.flows.iterator import Iterator
from raydrift.flows.keras_there import floatx, image_data_format
from raydrift.flows.listing import KERAS, Listing, ListingRules, list_directory
from raydrift.paths.secrecy import conceal, reveal


class DirectoryIterator(BatchFromFilesMixin, Iterator):
    """Batches of the images in class folders.

    Attributes:
        directory: The folder as it was given.
        filenames: The files' paths from there, class after class.
        filepaths: Their whole paths.
        classes: int32 of shape (n,): the class of each; also ``labels``.
        class_indices: Class name to number.
        num_classes: How many classes there are, empty ones too.
        samples: How many images there are, as ``n``.
        image_shape: Of one image.

    Args:
        directory: A folder of class folders, or its URI.
        image_data_generator: Augments and standardizes; None: images are only loaded.
        target_size: Height and width.
        color_mode: ``rgb``, ``rgba`` or ``grayscale``.
        classes: Names of the class folders, in order; None: all, sorted.
        class_mode: ``categorical``, ``binary``, ``sparse``, ``input`` or None, see
            ``BatchFromFilesMixin``.
        batch_size: Samples a batch.
        shuffle: Whether each epoch has an order of its own.
        seed: 0 to 2^64 - 1; None: another one each time.
        data_format: ``channels_last`` or ``channels_first``; None: the first, or Keras' own.
        save_to_dir: A folder in which the images of every batch are saved.
        save_prefix: How the names of saved images begin.
        save_format: How they end.
        follow_links: Whether linked folders below the class folders are looked into.
        subset: ``training`` or ``validation``: of each class, the first images are for validation.
        interpolation: Pillow's filter by which images are resized: ``nearest``, ``bilinear``,
            ``bicubic``, ``lanczos``, ``box`` or ``hamming``.
        keep_aspect_ratio: Whether the middle of an image, in the target's ratio, is resized.
        dtype: Of batches; None: float32, or Keras' own.
        storage_options: How a bucket is reached, as ``key``, ``secret``, ``endpoint_url`` for S3;
            None: as the environment says.

    Raises:
        SettingsError: An argument cannot be; it is a ValueError.
        FileNotFoundError: The folder is not there.
    """

    allowed_class_modes: Any = frozenset({"categorical", "binary", "sparse", "input", None})
    _rules: ListingRules = KERAS

    def __init__(
        self,
        directory: Any,
        image_data_generator: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: Any = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str | None = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: npt.DTypeLike | None = None,
        *,
        storage_options: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.set_processing_attrs(
            image_data_generator,
            target_size,
            color_mode,
            data_format or image_data_format(),
            save_to_dir,
            save_prefix,
            save_format,
            subset,
            interpolation,
            keep_aspect_ratio,
        )
        check_class_mode(class_mode, self.allowed_class_modes)
        self.directory = directory
        self.storage_options = conceal(storage_options or {})
        self.class_mode = class_mode
        self.dtype = dtype or floatx()
        listing = self._listed(classes, follow_links)
        self.filenames = listing.filenames
        self.classes = listing.classes
        self.class_indices = listing.class_indices
        self.num_classes = len(listing.class_indices)
        self.samples = len(listing.filenames)
        self._rows = listing.rows
        self._filepaths = listing.filepaths
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        super().__init__(self.samples, batch_size, shuffle, seed, **kwargs)

    def _listed(self, classes: Any, follow_links: bool) -> Listing:
        return list_directory(
            self.directory,
            classes,
            rules=self._rules,
            split=self.split,
            follow_links=follow_links,
            storage_options=reveal(self.storage_options),
        )

    @property
    def filepaths(self) -> Any:
        """The whole path of every file."""
        return self._filepaths

    @property
    def labels(self) -> Any:
        """The class of every file, as ``classes``."""
        return self.classes

    @property
    def sample_weight(self) -> Any:
        """None: folders have no weights."""
        return None

    def _ids(self) -> npt.NDArray[np.int64]:
        return self._rows


def check_class_mode(class_mode: str | None, allowed: Any) -> None:
    """Refuses a class mode that there is not.

    Raises:
        SettingsError: It is none of those that are allowed.
    """
    if class_mode not in allowed:
        known = sorted(allowed, key=str)
        raise SettingsError(f"Invalid class_mode: {class_mode}; expected one of: {known}")
