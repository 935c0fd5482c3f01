"""What mltk's callbacks are told of a flow."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(eq=False)
class ParallelProcessParams:
    """What a callback is given first: all there is to know of its flow.

    Attributes:
        class_indices: Class name to number; of arrays None.
        n_classes: How many there are; of arrays None.
        dtype: Of batches.
        directory: The folder; of arrays None.
        class_mode: What labels become; of arrays None.
        image_data_generator: The generator.
        target_size: Height and width; None: as the images are.
        batch_shape: Of a whole batch.
        color_mode: ``rgb``, ``rgba`` or ``grayscale``; of arrays None.
        data_format: ``channels_last`` or ``channels_first``.
        save_to_dir: Where the images of every batch are saved; None: nowhere.
        save_prefix: How the names of saved images begin.
        save_format: How they end.
        interpolation: The filter of resizing; of arrays None.
        validation_split: The share of validation.
        subset: ``training``, ``validation`` or None.
        split: The part of each class, as (0, 0.2); None: all.
        get_batch_function: Makes batches in place of everything else, or None.
        noaug_preprocessing_function: Sees images before they are augmented, or None.
        preprocessing_function: Sees augmented images, or None.
    """

    class_indices: dict[str, int] | None
    n_classes: int | None
    dtype: Any
    directory: Any
    class_mode: str | None
    image_data_generator: Any
    target_size: tuple[int, int] | None
    batch_shape: tuple[int | None, ...]
    color_mode: str | None
    data_format: str
    save_to_dir: Any
    save_prefix: str | None
    save_format: str
    interpolation: str | None
    validation_split: float | None
    subset: str | None
    split: tuple[float, float] | None
    get_batch_function: Callable[..., Any] | None = None
    noaug_preprocessing_function: Callable[..., Any] | None = None
    preprocessing_function: Callable[..., Any] | None = None


def params_of(flow: Any) -> ParallelProcessParams:
    """What there is to know of a flow.

    Args:
        flow: The flow of a generator of ours.
    """
    generator = flow.image_data_generator
    classes = getattr(flow, "class_indices", None)
    return ParallelProcessParams(
        classes,
        None if classes is None else len(classes),
        flow.dtype,
        getattr(flow, "directory", None),
        getattr(flow, "class_mode", None),
        generator,
        getattr(flow, "target_size", None),
        (flow.batch_size, *flow.batch_image_shape),
        getattr(flow, "color_mode", None),
        flow.data_format,
        flow.save_to_dir,
        flow.save_prefix,
        flow.save_format,
        getattr(flow, "interpolation", None),
        generator._validation_split,
        flow.subset,
        getattr(flow, "split", None),
        generator.get_batch_function,
        generator.noaug_preprocessing_function,
        generator.preprocessing_function,
    )
