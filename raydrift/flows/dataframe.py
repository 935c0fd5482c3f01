"""Batches of the images that a frame names."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.flows.files import BatchFromFilesMixin
from raydrift.flows.frames import CLASS_MODES, FrameRows, read_frame
from raydrift.flows.iterator import Iterator
from raydrift.flows.keras_there import floatx, image_data_format
from raydrift.flows.options import options_of
from raydrift.paths.secrecy import conceal, reveal


class DataFrameIterator(BatchFromFilesMixin, Iterator):
    """Batches of the images that a frame names.

    Attributes:
        directory: The folder that paths start from, or nothing.
        filenames: The paths as the frame has them.
        filepaths: With the folder before them.
        classes: The class of each, a list of lists where they have several; only in the modes
            ``categorical``, ``binary`` and ``sparse``.
        class_indices: Class name to number, likewise.
        labels: What each is labelled with: ``classes``, or in ``raw`` and ``multi_output`` the
            columns.
        sample_weight: The weight of each, or None.
        samples: How many images there are, as ``n``.
        image_shape: Of one image.

    Args:
        dataframe: A DataFrame of pandas or polars, a table of pyarrow, or a dict of columns.
        directory: The folder or URI that paths start from; None: they are whole.
        image_data_generator: Augments and standardizes; None: images are only loaded.
        x_col: The column of paths.
        y_col: The column of labels, or a list of columns.
        weight_col: The column of weights; they are given as a third array.
        target_size: Height and width.
        color_mode: ``rgb``, ``rgba`` or ``grayscale``.
        classes: Names of classes: rows of others are left out. None: all, sorted.
        class_mode: ``categorical``, ``binary``, ``sparse``, ``raw``, ``multi_output``, ``input`` or
            None, see ``BatchFromFilesMixin``.
        batch_size: Samples a batch.
        shuffle: Whether each epoch has an order of its own.
        seed: 0 to 2^64 - 1; None: another one each time.
        data_format: ``channels_last`` or ``channels_first``; None: the first, or Keras' own.
        save_to_dir: A folder in which the images of every batch are saved.
        save_prefix: How the names of saved images begin.
        save_format: How they end.
        subset: ``training`` or ``validation``: the first rows are for validation.
        interpolation: Pillow's filter by which images are resized.
        keep_aspect_ratio: Whether the middle of an image, in the target's ratio, is resized.
        dtype: Of batches; None: float32, or Keras' own.
        validate_filenames: Whether rows whose file is not there are left out, with a warning.
        storage_options: How a bucket is reached, as ``key``, ``secret``, ``endpoint_url`` for S3;
            None: as the environment says.

    Raises:
        SettingsError: An argument cannot be; it is a ValueError.
        TypeError: A column is of a wrong type.
        KeyError: There is no such column.
    """

    allowed_class_modes: Any = CLASS_MODES

    def __init__(
        self,
        dataframe: Any,
        directory: Any = None,
        image_data_generator: Any = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
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
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: npt.DTypeLike | None = None,
        validate_filenames: bool = True,
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
        self.directory = directory or ""
        self.storage_options = conceal(storage_options or {})
        self.class_mode = class_mode
        self.dtype = dtype or floatx()
        found = read_frame(
            dataframe,
            directory,
            x_col=x_col,
            y_col=y_col,
            weight_col=weight_col,
            classes=classes,
            class_mode=class_mode,
            split=self.split,
            compat=options_of(image_data_generator).compat,
            validate_filenames=validate_filenames,
            suffixes=self.white_list_formats,
            storage_options=reveal(self.storage_options),
        )
        self.filenames = found.filenames
        self.samples = len(found.filenames)
        self._filepaths = found.filepaths
        self._rows = found.rows
        self._targets = found.targets
        self._sample_weight = found.weights
        self._take_classes(found)
        _tell(found, validate_filenames)
        super().__init__(self.samples, batch_size, shuffle, seed, **kwargs)

    def _take_classes(self, found: FrameRows) -> None:
        if found.class_indices is not None:
            self.class_indices = found.class_indices
            self.classes = found.classes

    @property
    def filepaths(self) -> Any:
        """The whole path of every file."""
        return self._filepaths

    @property
    def labels(self) -> Any:
        """What every file is labelled with.

        Raises:
            AttributeError: The class mode is ``input`` or None.
        """
        return self.classes if self._targets is None else self._targets

    @property
    def sample_weight(self) -> Any:
        """The weight of every file, or None."""
        return self._sample_weight

    def _ids(self) -> npt.NDArray[np.int64]:
        return self._rows


def _tell(found: FrameRows, validated: bool) -> None:
    """Prints what was found, as Keras does."""
    kind = "validated" if validated else "non-validated"
    words = f"Found {len(found.filenames)} {kind} image filenames"
    if found.class_indices is not None:
        words += f" belonging to {len(found.class_indices)} classes"
    print(f"{words}.")
