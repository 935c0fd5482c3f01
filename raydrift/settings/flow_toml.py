"""The settings of a flow from a TOML file."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from raydrift.checked import image_size
from raydrift.errors import SettingsError
from raydrift.settings.augment import Augment
from raydrift.settings.flow import FlowSettings
from raydrift.settings.toml import UNWRITTEN, generate_settings, read_toml

_OWN: Final = tuple(
    item.name for item in fields(FlowSettings) if item.name not in ("run", "validation")
)


def flow_settings(values: Mapping[str, Any]) -> FlowSettings:
    """Builds the settings of a flow from plain values.

    Args:
        values: ``input`` and what else ``generate`` has of images; ``size``, one number or height
            and width; ``split``, the share for validation; the table ``augment``; and the fields of
            ``FlowSettings``.

    Raises:
        SettingsError: An unknown key, a wrong type or a value out of range; the message names the
            key and what to write instead.

    >>> flow_settings({"input": "a", "size": 64, "augment": {"rotate": 9}}).run.image.height
    64
    """
    values = dict(values)
    own = {name: values.pop(name) for name in _OWN if name in values}
    if type(values.get("split")) in (int, float):  # else it is the name of a folder
        own["validation"] = float(values.pop("split"))
    if "size" in values:
        image = values.get("image", {})
        height, width = image_size(values.pop("size"))
        values["image"] = {**dict(image), "height": height, "width": width}
    if "output" in values:
        raise SettingsError("output: a flow writes nothing: leave it out, or use flow.write()")
    if "calibration" in values:
        raise SettingsError("calibration: give it to Flow(target=…, calibration=…)")
    if isinstance(folders := own.get("more_masks"), list):
        own["more_masks"] = tuple(folders)
    own["augment"] = Augment.read(own.get("augment"))
    return FlowSettings(generate_settings({**values, "output": UNWRITTEN}), **own)


def read_flow(path: str) -> FlowSettings:
    """Reads the settings of a flow from a TOML file.

    Raises:
        SettingsError: As ``flow_settings``, or there is no such file.
    """
    return flow_settings(read_toml(path))
