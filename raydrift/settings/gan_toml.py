"""The settings of runs with generative networks from plain values, as a TOML file has them."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from raydrift.errors import SettingsError, suggest
from raydrift.settings.gan_training import SIDE
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.modelarts import CYCLEGAN, STYLEGAN, with_our_names
from raydrift.settings.synthesize import SynthesizeSettings
from raydrift.settings.toml import check_keys, checked_as, generate_settings
from raydrift.settings.translate import TranslateSettings

Kind = TypeVar("Kind", TranslateSettings, SynthesizeSettings)


def translate_settings(values: Mapping[str, Any]) -> TranslateSettings:
    """Builds the settings of a translation from plain values.

    Args:
        values: Those of a run; ``to``, ``model``, ``direction``, ``channels``; the tables
            ``train``, ``cyclegan`` and ``validate``. The names that ModelArts has for them are
            taken, too.

    Raises:
        SettingsError: As for ``generate_settings``.

    >>> values = {"input": "a", "to": "b", "output": "c", "train": {"epochs": 20}}
    >>> settings = translate_settings(values)
    >>> settings.train.epochs, settings.run.image.height
    (20, 256)
    """
    return _settings(TranslateSettings, with_our_names(values, CYCLEGAN))


def synthesize_settings(values: Mapping[str, Any]) -> SynthesizeSettings:
    """Builds the settings of a synthesis from plain values.

    Args:
        values: Those of a run; ``model``, ``channels``; the tables ``train``, ``stylegan`` and
            ``validate``. With a model there is no input. The names that ModelArts has for them are
            taken, too.

    Raises:
        SettingsError: As for ``generate_settings``.

    >>> synthesize_settings({"model": "earlier", "output": "new", "num_samples": 9}).run.num_samples
    9
    """
    values = with_our_names(values, STYLEGAN)
    if values.get("model") and "input" not in values:
        values = {**values, "input": values["model"]}
    return _settings(SynthesizeSettings, values)


def _settings(kind: type[Kind], values: Mapping[str, Any]) -> Kind:
    values = dict(values)
    image = values.get("image", {})
    if isinstance(image, Mapping):
        values["image"] = {"height": SIDE, "width": SIDE, **image}
    names = [item.name for item in fields(kind) if item.name != "run"]
    own = {name: values.pop(name) for name in names if name in values}
    check_keys(kind, own, "")
    known = [item.name for item in fields(GenerateSettings)] + names
    for key in values:
        if key not in known:
            raise SettingsError(f"unknown key {key}: {suggest(key, known)}")
    return checked_as(kind, {"run": generate_settings(values), **own})
