"""The transforms of a drift as the Python API takes them: a list, or one level."""

from collections.abc import Iterable, Mapping

from raydrift.errors import SettingsError
from raydrift.transforms.info import TransformInfo, check_level
from raydrift.transforms.names import ImageTransform


def given_transforms(
    what: str,
    transform_list: Iterable[TransformInfo] | TransformInfo | None,
    drift_level: float | None,
) -> tuple[TransformInfo, ...]:
    """The transforms of a drift.

    Args:
        what: The method that they were given to, for the message.
        transform_list: One transform, or several.
        drift_level: Instead of it, the level of the ``default`` transform.

    Raises:
        SettingsError: Neither or both are given, the list is empty, or it holds something else.
    """
    if (transform_list is None) == (drift_level is None):
        raise SettingsError(f"{what}: give either transform_list or drift_level")
    if drift_level is not None:
        check_level(drift_level, "drift_level")
        transform_list = [TransformInfo(ImageTransform.DEFAULT, drift_level)]
    if isinstance(transform_list, TransformInfo):
        return (transform_list,)
    remedy = "write [TransformInfo(ImageTransform.ROTATE, 0.5)], or drift_level=0.5"
    if not isinstance(transform_list, Iterable) or isinstance(transform_list, str | Mapping):
        raise SettingsError(f"{what}: transform_list is {transform_list!r}: {remedy}")
    transforms = tuple(transform_list)
    if not transforms:
        raise SettingsError(f"{what}: transform_list is empty: give a TransformInfo")
    for info in transforms:
        if not isinstance(info, TransformInfo):
            raise SettingsError(f"{what}: {info!r} is no TransformInfo: {remedy}")
    return transforms
