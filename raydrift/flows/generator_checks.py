"""What the constructors of the generators check, in Keras' words."""

from collections.abc import Sequence
from typing import Any

from raydrift.errors import SettingsError
from raydrift.warned import warn


def checked_zoom(zoom_range: Any) -> list[float]:
    """The least and the greatest factor of a zoom: 0.2 is 0.8 to 1.2.

    Raises:
        SettingsError: It is neither a number nor two of them.
        TypeError: It is a number of numpy's that is not Python's.
    """
    if isinstance(zoom_range, float | int):
        return [1 - zoom_range, 1 + zoom_range]
    if len(zoom_range) == 2 and all(isinstance(end, float | int) for end in zoom_range):
        return [zoom_range[0], zoom_range[1]]
    raise SettingsError(
        f"`zoom_range` should be a float or a tuple or list of two floats. Received: {zoom_range}"
    )


def check_pair(name: str, given: Sequence[float] | None) -> None:
    """Refuses what is not None, nor a tuple or list of two.

    Raises:
        SettingsError: It is something else.
    """
    if given is not None and not (isinstance(given, tuple | list) and len(given) == 2):
        raise SettingsError(f"`{name}` should be tuple or list of two floats. Received: {given}")


def check_data_format(data_format: str) -> None:
    """Refuses a data format that there is not.

    Raises:
        SettingsError: It is neither ``channels_last`` nor ``channels_first``.
    """
    if data_format not in ("channels_last", "channels_first"):
        raise SettingsError(
            '`data_format` should be `"channels_last"` (channel after row and column) or '
            f'`"channels_first"` (channel before row and column). Received: {data_format}'
        )


def check_split(validation_split: float | None) -> None:
    """Refuses a share that is not between 0 and 1; none and 0 are no split.

    Raises:
        SettingsError: It is 1 or more, or negative.
    """
    if validation_split and not 0 < validation_split < 1:
        raise SettingsError(
            f"`validation_split` must be strictly between 0 and 1.  Received: {validation_split}"
        )


def check_standardization(generator: Any) -> None:
    """Sets what one kind of standardization demands or rules out, with a warning each."""
    if generator.zca_whitening:
        _override(generator, "zca_whitening", "featurewise_center", True)
        _override(generator, "zca_whitening", "featurewise_std_normalization", False)
    for kind in ("featurewise", "samplewise"):
        if getattr(generator, f"{kind}_std_normalization"):
            _override(generator, f"{kind}_std_normalization", f"{kind}_center", True)


def _override(generator: Any, by: str, name: str, value: bool) -> None:
    if bool(getattr(generator, name)) != value:
        setattr(generator, name, value)
        warn(f"This ImageDataGenerator specifies `{by}`, which overrides setting of `{name}`.")
