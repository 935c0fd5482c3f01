"""The settings of a run as a TOML file that ``raydrift generate --config`` takes."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import tomli_w

from raydrift.paths import redacted
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.raw import RawSettings
from raydrift.settings.toml import as_dict
from raydrift.transforms import SETUPS
from raydrift.transforms.setups import published_setup

_ASIDE: Final = ("output", "embedding", "cluster", "faults", "write", "stream")
"""What the images do not depend on, and what each run says for itself."""


def run_toml(settings: GenerateSettings, comment: str = "") -> str:
    """What images a run makes: all that is not as it is without being said.

    Args:
        settings: The run's. Its output is left out; credentials are not written.
        comment: Stands above it, with any number of lines.

    >>> from raydrift.transforms import TransformInfo
    >>> print(run_toml(GenerateSettings("in", "out", seed=7), "The seventh."))
    # The seventh.
    input = "in"
    seed = 7
    """
    plain, default = as_dict(settings), as_dict(GenerateSettings("(none)", "out"))
    plain["input"] = redacted(settings.input)
    if settings.masks is not None:
        plain["masks"] = redacted(settings.masks)
    if settings.twins is not None:
        plain["twins"] = redacted(settings.twins)
    for drift in plain["drift"]:
        if "replace" in drift:
            drift["replace"] = redacted(drift["replace"])
    for family in SETUPS:
        plain[family] = plain["profile"].pop(family, {})
        default[family] = asdict(published_setup(family))
    if settings.raw is not None:
        default["raw"] = {**asdict(RawSettings()), "files": None}
    aside = [name for name in _ASIDE if not (name == "stream" and settings.label_shift)]
    changed = _changed({k: v for k, v in plain.items() if k not in aside}, default)
    lines = "".join(f"# {line}\n" for line in comment.splitlines())
    return lines + tomli_w.dumps(changed)


def _changed(plain: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
    """What differs, without tables in which nothing does and without None, which TOML lacks."""
    found: dict[str, Any] = {}
    for name, value in plain.items():
        usual = default.get(name)
        if isinstance(value, Mapping):
            below = _changed(value, usual if isinstance(usual, Mapping) else {})
            if below:
                found[name] = below
        elif value is not None and _listed(value) != _listed(usual):
            found[name] = _listed(value)
    return found


def _listed(value: Any) -> Any:
    """Tuples as TOML has them."""
    return [_listed(one) for one in value] if isinstance(value, tuple | list) else value
