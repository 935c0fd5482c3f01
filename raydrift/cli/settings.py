"""The settings of a command: those of a TOML file, with the flags that were given over them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from raydrift.paths import StoragePath
    from raydrift.settings.generate import GenerateSettings

_Settings = TypeVar("_Settings")


def read_settings(config: str | None, flags: Mapping[str, Any]) -> "GenerateSettings":
    """The settings of a TOML file, if there is one, with the flags that were given over them."""
    from raydrift.settings.toml import generate_settings

    return read_values(config, flags, generate_settings)


def read_values(
    config: str | None,
    flags: Mapping[str, Any],
    make: Callable[[Mapping[str, Any]], _Settings],
    renamed: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda values: values,
) -> _Settings:
    """What a function makes of a TOML file, if there is one, with the given flags over it.

    Args:
        config: The file.
        flags: Nested as in TOML; None: not given.
        make: Makes the settings.
        renamed: Gives settings of the file our names where it has others.
    """
    from raydrift.errors import SettingsError
    from raydrift.settings.toml import read_toml

    values = read_toml(config) if config else {}
    try:
        return make(_overlay(renamed(values), flags))
    except SettingsError as error:
        raise SettingsError(f"{config}: {error}" if config else str(error)) from None


def image_flags(image_size: str | None, value_range: str | None) -> dict[str, Any]:
    """What --image-size and --value-range say, as the table ``[image]`` has it.

    Raises:
        SettingsError: One of them cannot be read.
    """
    from raydrift.settings.image import ImageSettings
    from raydrift.settings.ranges import parse_range

    height, width = ImageSettings.parse_size(image_size) if image_size else (None, None)
    values = parse_range(value_range) if value_range else None
    return {"height": height, "width": width, "value_range": values}


def write_flags(
    container: str | None,
    container_bytes: int | None,
    organize_by_class: bool | None,
    *,
    shard_size: int | None,
    keep_shards: bool | None,
    no_finalize: bool | None,
    overwrite: bool | None,
) -> dict[str, Any]:
    """What the flags of the output say, as the table ``[write]`` has it."""
    return {
        "container": container,
        "container_bytes": container_bytes,
        "organize_by_class": organize_by_class,
        "shard_size": shard_size,
        "keep_shards": keep_shards,
        "finalize": None if no_finalize is None else not no_finalize,
        "overwrite": overwrite,
    }


def output_settings(config: str | None, flags: Mapping[str, Any]) -> "GenerateSettings":
    """The settings of a command that only has an output, as ``read_settings``."""
    return read_settings(config, {"input": "(none)", **flags})


def output_place(output: str, config: str | None) -> "StoragePath":
    """An output folder, reached by the storage options of a TOML file, if there is one."""
    from raydrift.paths import StoragePath

    return StoragePath.of(output, output_settings(config, {"output": output}).options_of("output"))


def _overlay(values: Mapping[str, Any], flags: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(values)
    for name, flag in flags.items():
        if isinstance(flag, Mapping):
            below = values.get(name, {})
            given = {key: value for key, value in flag.items() if value is not None}
            if given or not flag:  # an empty table is asked for itself
                merged[name] = _overlay(below, given) if isinstance(below, Mapping) else below
        elif flag is not None:
            merged[name] = flag
    return merged
