"""Keras' ImageDataGenerator: augments, standardizes, and makes flows of batches."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy.typing as npt

from raydrift.augment.applying import Look, apply
from raydrift.augment.drawing import Parameters, draw, neutral
from raydrift.augment.ranges import Ranges
from raydrift.augment.standardizing import Standardization, standardize
from raydrift.flows.drawing import Seed, state_of
from raydrift.flows.flow_methods import FlowMethods
from raydrift.flows.generator_checks import (
    check_data_format,
    check_pair,
    check_split,
    check_standardization,
    checked_zoom,
)
from raydrift.flows.keras_there import floatx, image_data_format
from raydrift.flows.levels import known_span
from raydrift.flows.options import FlowOptions

Image = npt.NDArray[Any]


class ImageDataGenerator(FlowMethods):
    """Augments images at random, standardizes them, and makes batches of them.

    Every parameter but ``validation_split`` is an attribute of its name, and may be set later;
    ``zoom_range`` is a list of two. A flow uses the new value from its next batch on. A flow with
    workers uses it from its next epoch on, and restarts its workers for that, which takes seconds.

    Attributes:
        mean: The mean of each channel, shape (1, 1, channels); None before ``fit``.
        std: The standard deviation of each channel, of the same shape; None before ``fit``.
        zca_whitening_matrix: Shape (d, d) for images of d numbers; None before ``fit``. Its older
            name is ``principal_components``.
        channel_axis: The channel axis of a batch: 3, or 1 where channels are first. ``row_axis``
            and ``col_axis`` are its row and column axes.

    Args:
        featurewise_center: Subtract the mean of the set, which ``fit`` finds.
        samplewise_center: Subtract the mean of all numbers of the image.
        featurewise_std_normalization: Divide by the deviation of the set; centres as well.
        samplewise_std_normalization: Divide by the deviation of the image; centres as well.
        zca_whitening: Whiten by a matrix that ``fit`` finds; centres by the set.
        zca_epsilon: Added to the eigenvalues, so that small ones are not amplified.
        rotation_range: Degrees. The angle is between -rotation_range and rotation_range.
        width_shift_range: A float below 1 is a share of the width, one from 1 on pixels; a whole
            number n is whole pixels below n; a list is the shifts to choose from, of random sign.
        height_shift_range: As for the width.
        brightness_range: The least and the greatest factor, a tuple or a list; None: no change.
        shear_range: Degrees, as for the rotation.
        zoom_range: The least and the greatest factor, above 1 more of the scene is seen; or a
            number z for 1 - z to 1 + z.
        channel_shift_range: One number between -channel_shift_range and channel_shift_range is
            added to all channels.
        fill_mode: The filling outside an image: ``nearest``, ``reflect``, ``constant``, ``wrap``.
        cval: The level around it, for ``constant``.
        horizontal_flip: Mirror each image with probability 0.5.
        vertical_flip: Turn each image upside down with probability 0.5.
        rescale: A factor for all levels, after the augmentation; None: no change.
        preprocessing_function: Is given each augmented image, float of 3 axes, and returns another
            of its shape. ``np.random`` is not seeded in it: draw from a generator of your own.
        data_format: ``channels_last`` or ``channels_first``; None: the first, or what the imported
            Keras is set to.
        validation_split: The share of the images in ``subset="validation"``, 0 to below 1.
        interpolation_order: The order of the spline for the geometry, 0 to 5.
        dtype: The dtype of batches; None: float32, or what the imported Keras is set to.
        compat: The geometry, brightness, whitening and order of a frame's classes: ``fixed``, or as
            in ``keras3`` (and tf_keras) or ``kp112`` (keras-preprocessing 1.1.2).
        draws: ``sample``: the random numbers of an image depend on seed, epoch and image only.
            ``keras``: the random numbers that Keras draws for this seed.
        decode: ``keras``: the pixels that Pillow reads; ``raydrift``: upright as EXIF says, JPEGs
            decoded at a scale, by an antialiased filter.
        workers: Processes of Ray that make batches; 0: this process; below 1: a share of the CPUs
            (1 and 1.0 are both one process). None: this process for arrays and up to 2,000 files,
            else as many as there are CPUs.
        on_error: ``replace``: another image replaces an unusable one, and ``flow.rejected`` lists
            it. ``raise``: an ``ImageError`` is raised.
        zoom_keep_aspect: Zoom both directions by one factor.
        augment_validation: Augment ``subset="validation"`` too, as Keras does.

    Raises:
        SettingsError: A parameter is invalid; it is a ValueError.

    >>> import numpy as np
    >>> generator = ImageDataGenerator(rotation_range=20, horizontal_flip=True)
    >>> flow = generator.flow(np.zeros((10, 24, 32, 3)), np.arange(10), batch_size=4, seed=1)
    >>> x, y = next(flow)
    >>> x.shape, len(flow)
    ((4, 24, 32, 3), 3)
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Sequence[float] | None = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[..., Any] | None = None,
        data_format: str | None = None,
        validation_split: float | None = 0.0,
        interpolation_order: int = 1,
        dtype: npt.DTypeLike | None = None,
        *,
        compat: str = "fixed",
        draws: str = "sample",
        decode: str = "keras",
        workers: float | None = None,
        on_error: str = "replace",
        zoom_keep_aspect: bool = False,
        augment_validation: bool = True,
    ) -> None:
        self.featurewise_center = featurewise_center
        self.samplewise_center = samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening = zca_whitening
        self.zca_epsilon = zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.brightness_range = brightness_range
        self.shear_range = shear_range
        self.zoom_range = checked_zoom(zoom_range)
        self.channel_shift_range = channel_shift_range
        self.fill_mode = fill_mode
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.data_format = image_data_format() if data_format is None else data_format
        self._validation_split = validation_split
        self.interpolation_order = interpolation_order
        self.dtype = floatx() if dtype is None else dtype
        self.compat = compat
        self.draws = draws
        self.decode = decode
        self.workers = workers
        self.on_error = on_error
        self.zoom_keep_aspect = zoom_keep_aspect
        self.augment_validation = augment_validation
        self.mean: Image | None = None
        self.std: Image | None = None
        self.zca_whitening_matrix: Image | None = None
        check_data_format(self.data_format)
        first = self.data_format == "channels_first"
        self.channel_axis, self.row_axis, self.col_axis = (1, 2, 3) if first else (3, 1, 2)
        check_split(validation_split)
        check_standardization(self)
        check_pair("brightness_range", brightness_range)
        self._check()

    def _check(self) -> None:
        """Refuses what only ``fixed`` refuses, and options that there are not."""
        self._ranges().check_values(self._options().compat)

    @property
    def principal_components(self) -> Image | None:
        """The whitening matrix, by its older name."""
        return self.zca_whitening_matrix

    @principal_components.setter
    def principal_components(self, matrix: Image | None) -> None:
        self.zca_whitening_matrix = matrix

    @property
    def flow_options(self) -> FlowOptions:
        """How the batches of flows are made."""
        return self._options()

    @property
    def default_transform(self) -> Parameters:
        """The parameters that leave an image as it is; a new dict each time."""
        return neutral()

    def get_random_transform(self, img_shape: Sequence[int], seed: Seed = None) -> Parameters:
        """Draws the parameters of one image.

        Args:
            img_shape: The shape of the image. Shifts below 1 are shares of its height and width.
            seed: 0 to 2^32 - 1, or a numpy RandomState; None: inside a batch, the generator of that
                batch; elsewhere, a random seed. For a seed, the numbers are those of Keras.

        Returns:
            ``theta`` (degrees), ``tx``, ``ty`` (pixels), ``shear`` (degrees), ``zx``, ``zy``,
            ``flip_horizontal``, ``flip_vertical``, ``channel_shift_intensity``, ``brightness``.
        """
        size = img_shape[self.row_axis - 1], img_shape[self.col_axis - 1]
        return draw(self._ranges(), size, state_of(seed), self.compat)

    def apply_transform(self, x: Image, transform_parameters: Parameters) -> Image:
        """Applies parameters to one image.

        Args:
            x: An image of 3 axes; it is not changed.
            transform_parameters: As ``get_random_transform`` gives them; what is missing does
                nothing.

        Returns:
            The image; ``x`` itself where nothing is to do.
        """
        look = Look(
            self.compat,
            self.fill_mode,
            self.cval,
            self.interpolation_order,
            self.data_format,
            known_span(),
        )
        return apply(x, transform_parameters, look)

    def random_transform(self, x: Image, seed: Seed = None) -> Image:
        """Augments one image of 3 axes, see ``get_random_transform`` and ``apply_transform``."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def standardize(self, x: Image) -> Image:
        """Standardizes an image or a batch of floats, in place where that can be.

        Returns:
            ``x`` itself, or another array after a preprocessing function or whitening.
        """
        return standardize(x, self._standardization(self.preprocessing_function))

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: Any = None) -> None:
        """Finds what featurewise standardization and whitening need.

        Args:
            x: Images of rank 4; or a flow, whose files are read batch by batch, once, and once more
                for whitening.
            augment: Use augmented images.
            rounds: With ``augment``, the number of passes over the images.
            seed: The seed of the augmentation. None: the seed of the flow; for arrays, a random
                one.

        Raises:
            SettingsError: The images are not of rank 4, or the whitening matrix has no room.
        """
        from raydrift.flows.fitting import fit

        fitted = fit(self, x, augment, rounds, seed)
        self.mean = self.mean if fitted.mean is None else fitted.mean
        self.std = self.std if fitted.std is None else fitted.std
        if fitted.zca is not None:
            self.zca_whitening_matrix = fitted.zca

    def _options(self) -> FlowOptions:
        return FlowOptions(
            compat=self.compat,
            draws=self.draws,
            decode=self.decode,
            workers=self.workers,
            on_error=self.on_error,
            augment_validation=self.augment_validation,
        )

    def _standardization(self, function: Callable[..., Any] | None) -> Standardization:
        return Standardization(
            function,
            self.rescale,
            self.samplewise_center,
            self.samplewise_std_normalization,
            self.featurewise_center,
            self.featurewise_std_normalization,
            self.zca_whitening,
            self.mean,
            self.std,
            self.zca_whitening_matrix,
        )

    def _ranges(self) -> Ranges:
        return Ranges(
            self.rotation_range,
            self.width_shift_range,
            self.height_shift_range,
            self.brightness_range,
            self.shear_range,
            self.zoom_range,
            self.channel_shift_range,
            self.horizontal_flip,
            self.vertical_flip,
            zoom_keep_aspect=self.zoom_keep_aspect,
        )
