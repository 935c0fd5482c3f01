"""mltk's ParallelImageDataGenerator: more to draw, functions of the user's, an epoch a loop."""

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy.typing as npt

from raydrift.augment.drawing import Parameters, draw, neutral
from raydrift.augment.ranges import Ranges
from raydrift.augment.standardizing import standardize
from raydrift.errors import SettingsError
from raydrift.flows.drawing import Seed, state_of
from raydrift.flows.generator import ImageDataGenerator
from raydrift.flows.generator_checks import check_pair
from raydrift.flows.given_batches import GivenBatches
from raydrift.flows.hooks import Hooks
from raydrift.flows.options import FlowOptions
from raydrift.flows.process_params import params_of
from raydrift.settings.flow import WRAPPED

if TYPE_CHECKING:
    from raydrift.flows.arrays import NumpyArrayIterator
    from raydrift.flows.dataframe import DataFrameIterator
    from raydrift.flows.parallel_directory import ParallelDirectoryIterator

Image = npt.NDArray[Any]

_SHARE: Final = 0.25
_REPLACING: Final = ("save_to_dir", "save_prefix", "save_format", "batch_size")


class ParallelImageDataGenerator(ImageDataGenerator):
    """Augments images with contrast and noise as well, and makes flows of whole batches.

    It differs from ``ImageDataGenerator`` as mltk's generator of this name does: a ``for`` loop is
    one epoch; the last batch of an epoch is filled up; of each class folder the share for
    validation is rounded up; folders are resized by the bilinear filter. All its arguments are by
    name; those of ``ImageDataGenerator`` are taken, too.

    Functions are called as ``f(params, x, ...)``; ``params`` is a ``ParallelProcessParams``. A
    function with an argument named ``batch_index``, ``class_id``, ``filename``, ``batch_class_ids``
    or ``batch_filenames`` also gets that value. Functions are called for arrays, folders and
    frames.

    Args:
        cores: A whole number of processes, up to the CPUs; a share of the CPUs, 0 to 1; -1: all. A
            flow for validation has half of them. With the default, flows of arrays and of up to
            2,000 files are made in this process.
        debug: Whether batches are made in this process.
        max_batches_pending: Batches that may be done before they are used.
        get_batch_function: ``f(batch_index, filenames, classes, params)`` returns (batch_index,
            batch): makes batches in place of everything else.
        preprocessing_function: Is given each augmented image, float32. As of
            ``ImageDataGenerator``: ``np.random`` is not seeded in it.
        noaug_preprocessing_function: Is given each image before it is augmented: uint8 of files,
            ``dtype`` of arrays.
        validation_augmentation_enabled: Whether ``subset="validation"`` is augmented.
        contrast_range: The least and the greatest factor; None: none.
        noise: Of ``gauss``, ``s&p``, ``poisson`` and ``speckle``; one is chosen for each image.
        random_transforms_enabled: Whether anything is drawn.
        max_samples_per_class: At most so many files of each class folder, the first; -1: all.
        disable_gpu_in_subprocesses: Has no effect: processes of Ray that make batches have no GPU.
        save_to_dir: Takes the place of a flow's own argument; the folder is made.
        save_prefix: Likewise.
        save_format: Likewise.
        batch_size: Likewise.
        workers: Takes the place of ``cores``, as in ``ImageDataGenerator``.
        **kwargs: The arguments of ``ImageDataGenerator``.

    Raises:
        SettingsError: A parameter cannot be; it is a ValueError.
        TypeError: There is no such parameter.
    """

    def __init__(
        self,
        *,
        cores: float = _SHARE,
        debug: bool = False,
        max_batches_pending: int = 4,
        get_batch_function: Callable[..., Any] | None = None,
        preprocessing_function: Callable[..., Any] | None = None,
        noaug_preprocessing_function: Callable[..., Any] | None = None,
        validation_augmentation_enabled: bool = True,
        contrast_range: Sequence[float] | None = None,
        noise: Sequence[str] | None = None,
        random_transforms_enabled: bool = True,
        max_samples_per_class: int = -1,
        disable_gpu_in_subprocesses: bool = True,
        save_to_dir: Any = None,
        save_prefix: str | None = None,
        save_format: str | None = None,
        batch_size: int | None = None,
        workers: float | None = None,
        **kwargs: Any,
    ) -> None:
        self.cores = cores
        self.debug = debug
        self.max_batches_pending = max_batches_pending
        self.get_batch_function = get_batch_function
        self.noaug_preprocessing_function = noaug_preprocessing_function
        self.validation_augmentation_enabled = validation_augmentation_enabled
        self.contrast_range = contrast_range
        self.noise = noise
        self.random_transforms_enabled = random_transforms_enabled
        self.max_samples_per_class = max_samples_per_class
        self.disable_gpu_in_subprocesses = disable_gpu_in_subprocesses
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        self.batch_size = batch_size
        check_pair("contrast_range", contrast_range)
        super().__init__(preprocessing_function=preprocessing_function, workers=workers, **kwargs)

    @property
    def flow_options(self) -> FlowOptions:
        """How the batches of flows are made.

        Raises:
            SettingsError: ``cores`` is a share above 1.
        """
        cores = self.cores
        if isinstance(cores, float) and not 0 <= cores <= 1:
            raise SettingsError(
                f"cores is {cores}: give a share of the CPUs from 0 to 1, a whole number of "
                "processes, or -1 for all CPUs"
            )
        options = self._options()
        if options.workers is None:
            options = self._with_cores(options, cores)
        return options

    def _options(self) -> FlowOptions:
        return replace(
            super()._options(),
            share=_SHARE,
            halves=True,
            augment_validation=self.augment_validation and self.validation_augmentation_enabled,
            ahead=self.max_batches_pending,
            last=WRAPPED,
            endless=False,
        )

    def _with_cores(self, options: FlowOptions, cores: int | float) -> FlowOptions:
        if self.debug:
            return replace(options, workers=0)
        if cores == _SHARE:
            return options
        if isinstance(cores, float) and cores:
            return replace(options, share=cores, always_share=True)
        if cores == -1:
            return replace(options, share=1.0, always_share=True)
        return replace(options, workers=min(max(1, int(cores)), os.cpu_count() or 1))

    @property
    def default_transform(self) -> Parameters:
        """The parameters that leave an image as it is; a new dict each time."""
        return neutral(extended=True)

    def get_random_transform(self, img_shape: Sequence[int], seed: Seed = None) -> Parameters:
        """Draws the parameters of one image.

        As that of ``ImageDataGenerator``, with ``contrast`` and ``noise``, and where a noise was
        chosen ``noise_seed``. Without ``random_transforms_enabled``, nothing is drawn.
        """
        if not self.random_transforms_enabled:
            return self.default_transform
        size = img_shape[self.row_axis - 1], img_shape[self.col_axis - 1]
        return draw(self._ranges(), size, state_of(seed), self.compat, extended=True)

    def standardize(self, x: Image) -> Image:
        """Standardizes an image or a batch of floats, in place where that can be.

        ``preprocessing_function`` has its turn before, where batches are made.
        """
        return standardize(x, self._standardization(None))

    def hooks(self, flow: Any) -> Hooks | None:
        """The functions that see each image of a flow; None: there are none."""
        if self.noaug_preprocessing_function is None and self.preprocessing_function is None:
            return None
        return Hooks(
            params_of(flow),
            self.noaug_preprocessing_function,
            self.preprocessing_function,
            flow.known_classes,
            getattr(flow, "filenames", None),
        )

    def flow(self, x: Any, *args: Any, **kwargs: Any) -> "NumpyArrayIterator":
        """Makes batches of arrays, as ``ImageDataGenerator.flow``."""
        given = inspect.signature(super().flow).bind(x, *args, **kwargs).arguments
        return super().flow(**self._replaced(given))

    def flow_from_dataframe(self, dataframe: Any, *args: Any, **kwargs: Any) -> "DataFrameIterator":
        """Makes batches of a frame's files, as ``ImageDataGenerator.flow_from_dataframe``."""
        bound = inspect.signature(super().flow_from_dataframe).bind(dataframe, *args, **kwargs)
        more = bound.arguments.pop("kwargs", {})
        given = {**bound.arguments, **more}
        return super().flow_from_dataframe(**self._replaced(given))

    def flow_from_directory(  # type: ignore[override]  # mltk's has its own order of arguments
        self,
        directory: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        batch_shape: Any = None,
        shuffle: bool = True,
        shuffle_index_dir: Any = None,
        seed: Any = None,
        save_to_dir: Any = None,
        save_prefix: str | None = None,
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str | None = "bilinear",
        list_valid_filenames_in_directory_function: Callable[..., Any] | None = None,
        class_counts: dict[str, int] | None = None,
        keep_aspect_ratio: bool = False,
        *,
        storage_options: Mapping[str, Any] | None = None,
    ) -> "ParallelDirectoryIterator":
        """Makes batches of class folders; the arguments are those of ``ParallelDirectoryIterator``.

        Prints how many images and classes were found.

        Raises:
            SettingsError: An argument cannot be; it is a ValueError.
            FileNotFoundError: The folder is not there.
        """
        from raydrift.flows.parallel_directory import ParallelDirectoryIterator

        own = {
            "save_to_dir": save_to_dir,
            "save_prefix": save_prefix,
            "save_format": save_format,
            "batch_size": batch_size,
        }
        return ParallelDirectoryIterator(
            directory,
            self,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_shape=batch_shape,
            shuffle=shuffle,
            shuffle_index_dir=shuffle_index_dir,
            seed=seed,
            data_format=self.data_format,
            follow_links=follow_links,
            subset=subset,
            interpolation=interpolation,
            list_valid_filenames_in_directory_function=list_valid_filenames_in_directory_function,
            class_counts=class_counts,
            keep_aspect_ratio=keep_aspect_ratio,
            dtype=self.dtype,
            storage_options=storage_options,
            **self._replaced(own),
        )

    def own_maker(self, flow: Any) -> GivenBatches | None:
        """What makes the batches of a flow where ``get_batch_function`` does; else None."""
        if self.get_batch_function is None:
            return None
        filenames = getattr(flow, "filenames", None)
        return GivenBatches(self.get_batch_function, params_of(flow), flow.known_classes, filenames)

    def _replaced(self, given: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a flow, some of which the generator's own take the place of."""
        own = {name: getattr(self, name) for name in _REPLACING}
        found = {**given, **{name: value for name, value in own.items() if value is not None}}
        if found.get("save_to_dir"):
            os.makedirs(found["save_to_dir"], exist_ok=True)
        return found

    def _ranges(self) -> Ranges:
        return replace(super()._ranges(), contrast_range=self.contrast_range, noise=self.noise)
