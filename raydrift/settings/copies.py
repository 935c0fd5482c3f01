"""The settings of a run that writes augmented copies of images."""

from collections.abc import Mapping
from typing import Any

from raydrift.errors import SettingsError
from raydrift.settings.augment import Augment
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.toml import generate_settings


def copies_settings(values: Mapping[str, Any]) -> GenerateSettings:
    """Builds the settings of a run of copies from plain values.

    Args:
        values: Those of a run without its transforms, and the table ``augment``; ``copies`` is 1
            where it is left out.

    Raises:
        SettingsError: As for ``generate_settings``, or the augmentation cannot be.

    >>> run = copies_settings({"input": "a", "output": "b", "augment": {"rotate": 20}})
    >>> run.copies, [str(info) for info in run.transforms]
    (1, ['affine:1.0'])
    """
    values = {"copies": 1, **values}
    augment = Augment.read(values.pop("augment", None))
    if values.get("transforms"):
        raise SettingsError(
            'transforms: what is done to each copy stands in [augment]: write drift = ["hue:0.1"] '
            "there"
        )
    if values["copies"] is None:
        raise SettingsError("copies is None: give how many there are to be of each image, as 3")
    return augment.in_run(generate_settings(values))


def planned_settings(values: Mapping[str, Any]) -> GenerateSettings:
    """The settings of a run: of copies where there is a table ``augment``, else of ``generate``."""
    return (copies_settings if "augment" in values else generate_settings)(values)
