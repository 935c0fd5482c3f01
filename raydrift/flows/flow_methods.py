"""The three ways in which a generator makes flows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from raydrift.warned import warn

if TYPE_CHECKING:
    from raydrift.flows.arrays import NumpyArrayIterator
    from raydrift.flows.dataframe import DataFrameIterator
    from raydrift.flows.directory import DirectoryIterator


class FlowMethods:
    """Makes flows of arrays, folders and frames; the generator itself is in ``generator``."""

    data_format: str
    dtype: npt.DTypeLike

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: Any = None,
        save_to_dir: Any = None,
        save_prefix: str | None = "",
        save_format: str = "png",
        ignore_class_split: bool | str | None = False,
        subset: str | None = None,
    ) -> "NumpyArrayIterator":
        """Makes batches of arrays; the arguments are those of ``NumpyArrayIterator``.

        Raises:
            SettingsError: What is given does not fit together; it is a ValueError.
        """
        from raydrift.flows.arrays import NumpyArrayIterator

        if isinstance(ignore_class_split, str):  # older Keras has the subset in this place
            subset, ignore_class_split = ignore_class_split, False
        return NumpyArrayIterator(
            x,
            y,
            self,
            batch_size=batch_size,
            shuffle=shuffle,
            sample_weight=sample_weight,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            ignore_class_split=bool(ignore_class_split),
            dtype=self.dtype,
        )

    def flow_from_directory(
        self,
        directory: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: Any = None,
        save_to_dir: Any = None,
        save_prefix: str | None = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        *,
        storage_options: Mapping[str, Any] | None = None,
    ) -> "DirectoryIterator":
        """Makes batches of class folders; the arguments are those of ``DirectoryIterator``.

        Prints how many images and classes were found.

        Raises:
            SettingsError: An argument cannot be; it is a ValueError.
            FileNotFoundError: The folder is not there.
        """
        from raydrift.flows.directory import DirectoryIterator

        return DirectoryIterator(
            directory,
            self,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            follow_links=follow_links,
            subset=subset,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            dtype=self.dtype,
            storage_options=storage_options,
        )

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: Any = None,
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
        save_to_dir: Any = None,
        save_prefix: str | None = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
        *,
        storage_options: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> "DataFrameIterator":
        """Makes batches of a frame's files; the arguments are those of ``DataFrameIterator``.

        Prints how many files and classes were found.

        Args:
            dataframe: As of pandas; or anything else with columns.
            directory: Where relative paths start from.
            x_col: The column of paths.
            y_col: The column of labels, or a list of columns.
            weight_col: The column of weights.
            target_size: Height and width.
            color_mode: ``rgb``, ``rgba`` or ``grayscale``.
            classes: Which classes, in order; rows of others are left out.
            class_mode: What the labels become; the old ``other`` is ``raw``.
            batch_size: Samples a batch.
            shuffle: Whether each epoch has an order of its own.
            seed: 0 to 2^64 - 1; None: another one each time.
            save_to_dir: A folder in which the images of every batch are saved.
            save_prefix: How the names of saved images begin.
            save_format: How they end.
            subset: ``training`` or ``validation``: the first rows are for validation.
            interpolation: Pillow's filter.
            validate_filenames: Whether rows whose file is not there are left out.
            storage_options: How a bucket is reached; None: as the environment says.
            **kwargs: What older Keras took, with a warning; others have no effect, as in Keras.
                ``keep_aspect_ratio`` has.

        Raises:
            SettingsError, TypeError: An argument or a column cannot be.
        """
        from raydrift.flows.dataframe import DataFrameIterator

        class_mode = _told_of_the_old(class_mode, kwargs)
        return DataFrameIterator(
            dataframe,
            directory,
            self,
            x_col=x_col,
            y_col=y_col,
            weight_col=weight_col,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            interpolation=interpolation,
            keep_aspect_ratio=bool(kwargs.get("keep_aspect_ratio", False)),
            dtype=self.dtype,
            validate_filenames=validate_filenames,
            storage_options=storage_options,
        )


def _told_of_the_old(class_mode: str | None, kwargs: dict[str, Any]) -> str | None:
    """Warns of what older Keras took; returns the class mode of today."""
    old = {
        "has_ext": "has_ext is deprecated, filenames in the dataframe have to match the exact "
        "filenames in disk.",
        "sort": "sort is deprecated, batches will be created in the same order than the filenames "
        "provided if `shuffle` is set to `False`.",
        "drop_duplicates": "drop_duplicates is deprecated, you can drop duplicates by using the "
        "pandas.DataFrame.drop_duplicates method.",
    }
    for name, words in old.items():
        if name in kwargs:
            warn(words, DeprecationWarning)
    if class_mode == "other":
        words = '`class_mode="other"` is deprecated, please use `class_mode="raw"`.'
        warn(words, DeprecationWarning)
        return "raw"
    return class_mode
