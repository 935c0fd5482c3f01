"""mltk's ParallelDirectoryIterator: batches of class folders, made ahead, an epoch a loop."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy.typing as npt

from raydrift.augment.batches import Batch
from raydrift.errors import SettingsError
from raydrift.flows.directory import DirectoryIterator
from raydrift.flows.flow_checks import checked_batch_size
from raydrift.flows.listing import MLTK, Listing, list_directory
from raydrift.flows.process_params import ParallelProcessParams, params_of
from raydrift.flows.saved import save_batch_of_files
from raydrift.paths.secrecy import reveal


class ParallelDirectoryIterator(DirectoryIterator):
    """Batches of class folders, as ``ParallelImageDataGenerator`` makes them.

    A ``for`` loop is one epoch, and the last batch of it is filled up from another order of the
    samples. ``.npy`` files are images, too: they are neither resized nor converted.

    Attributes:
        batch_shape: Of a whole batch.
        sample_count: How many images there are, as ``samples``.
        class_labels: The class of each image, as ``classes``.
        class_counts: How many images each class has.
        process_params: What functions of the user's are given.
        cores, debug, max_batches_pending: Those of the generator.

    Args:
        directory: A folder of class folders, or its URI.
        image_data_generator: Augments and standardizes; None: images are only loaded.
        target_size: Height and width.
        color_mode: ``rgb``, ``rgba`` or ``grayscale``.
        classes: Names of the class folders, in order; None: all, sorted.
        class_mode: ``categorical``, ``binary``, ``sparse``, ``input`` or None.
        batch_size: Samples a batch; -1: all.
        batch_shape: Of a whole batch, where a function changes the shape of images; its first
            number takes the place of ``batch_size``.
        shuffle: Whether each epoch has an order of its own.
        shuffle_index_dir: A folder in which the files' shuffled order is kept, by which they are
            split and cut; it needs ``classes``.
        seed: 0 to 2^64 - 1; None: another one each time.
        data_format: ``channels_last`` or ``channels_first``; None: the first, or Keras' own.
        save_to_dir: A folder in which the images of every batch are saved.
        save_prefix: How the names of saved images begin.
        save_format: How they end.
        follow_links: Whether linked folders below the class folders are looked into.
        subset: ``training`` or ``validation``: of each class, the first images are for validation.
        interpolation: Pillow's filter; None or ``none``: images are not resized.
        list_valid_filenames_in_directory_function: Lists a class in place of what does:
            ``f(base_directory, search_class, white_list_formats, split, follow_links,
            shuffle_index_directory)`` returns (class, filenames). A name may be a tuple of names;
            the sample is a list of images, then.
        class_counts: Is filled with how many images each class has.
        keep_aspect_ratio: Whether the middle of an image, in the target's ratio, is resized.
        dtype: Of batches; None: float32, or Keras' own.
        storage_options: How a bucket is reached, as ``key``, ``secret``, ``endpoint_url`` for S3;
            None: as the environment says.

    Raises:
        SettingsError: An argument cannot be; it is a ValueError.
        EmptyClassError: A class has no images; it is a RuntimeError.
        FileNotFoundError: The folder is not there.
    """

    white_list_formats: Any = MLTK.suffixes
    _rules = MLTK

    def __init__(
        self,
        directory: Any,
        image_data_generator: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        batch_shape: Any = None,
        shuffle: bool = True,
        shuffle_index_dir: Any = None,
        seed: Any = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str | None = None,
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str | None = "bilinear",
        list_valid_filenames_in_directory_function: Callable[..., Any] | None = None,
        class_counts: dict[str, int] | None = None,
        keep_aspect_ratio: bool = False,
        dtype: npt.DTypeLike | None = None,
        *,
        storage_options: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if batch_shape is not None:
            batch_size = batch_shape[0]
        takes_all = batch_size == -1
        try:
            batch_size = 1 if takes_all else checked_batch_size(batch_size)
        except SettingsError as error:
            raise SettingsError(f"{error}, or -1 for all images") from None
        self._shape_of_batch = None if batch_shape is None else tuple(batch_shape)
        self._shuffle_index_dir = shuffle_index_dir
        self._lister = list_valid_filenames_in_directory_function
        self._seed_of_index = seed
        self.class_counts = {} if class_counts is None else class_counts
        self.is_shutdown = False
        super().__init__(
            directory,
            image_data_generator,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            follow_links=follow_links,
            subset=subset,
            interpolation=interpolation or "none",
            keep_aspect_ratio=keep_aspect_ratio,
            dtype=dtype,
            storage_options=storage_options,
            **kwargs,
        )
        if takes_all:
            self.batch_size = max(self.samples, 1)

    def _listed(self, classes: Any, follow_links: bool) -> Listing:
        generator = self.image_data_generator
        return list_directory(
            self.directory,
            classes,
            rules=self._rules,
            split=self.split,
            follow_links=follow_links,
            max_samples_per_class=getattr(generator, "max_samples_per_class", -1),
            shuffle_index_dir=self._shuffle_index_dir,
            seed=self._seed_of_index,
            lister=self._lister,
            class_counts=self.class_counts,
            storage_options=reveal(self.storage_options),
        )

    @property
    def batch_shape(self) -> tuple[int | None, ...]:
        """The shape of a whole batch."""
        return self._shape_of_batch or (self.batch_size, *self.image_shape)

    @property
    def batch_image_shape(self) -> tuple[int | None, ...]:
        """The shape of an image in a batch."""
        return self.batch_shape[1:]

    def _shape_in_batch(self, _: Any) -> tuple[int | None, ...]:
        return (None,) * 3 if self._shape_of_batch is None else self._shape_of_batch[1:]

    @property
    def sample_count(self) -> int:
        """How many images there are."""
        return int(self.samples)

    @property
    def class_labels(self) -> Any:
        """The class of each image."""
        return self.classes

    @property
    def process_params(self) -> ParallelProcessParams:
        """What functions of the user's are given."""
        return params_of(self)

    @property
    def cores(self) -> float:
        """As the generator was told."""
        return float(getattr(self.image_data_generator, "cores", 0))

    @property
    def debug(self) -> bool:
        """As the generator was told."""
        return bool(getattr(self.image_data_generator, "debug", False))

    @property
    def max_batches_pending(self) -> int:
        """As the generator was told."""
        return self.flow_options.ahead

    @property
    def pool(self) -> Any:
        """What makes batches on Ray; None where nothing is at work."""
        return self._stream

    @property
    def is_running(self) -> bool:
        """Whether batches are being made on Ray."""
        return self._stream is not None

    def reset(self) -> None:
        """Drops what was made ahead; the next batch is the first of an epoch."""
        super().reset()
        self._ended = False
        self.close()

    def shutdown(self, wait: bool = True) -> None:  # noqa: ARG002 (it never has to wait)
        """Ends the work on Ray; a batch that is asked for later begins it again."""
        self.close()
        self.is_shutdown = True

    def _serve(self, task: Any, indexed: bool) -> Any:
        self.is_shutdown = False
        return super()._serve(task, indexed)

    def _size_of_loading(self) -> tuple[int, int] | None:
        return None if self.interpolation == "none" else super()._size_of_loading()

    def _save(self, images: npt.NDArray[Any], batch: Batch) -> None:
        save_batch_of_files(self, images, batch)
