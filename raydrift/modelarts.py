"""CycleGan and StyleGan, called as the operators of ModelArts are, with their files as a result.

Example:
    ::

        from raydrift.modelarts import CycleGan, StyleGan

        CycleGan(max_epoch=100, image_height=128, image_width=128).run("summer", "winter", "out")
        StyleGan(**{"total-kimg": 300, "resolution": 128, "generate_num": 50}).run("shoes", "out2")
"""

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from pyarrow import fs

from raydrift.checked import path_text
from raydrift.errors import OutputError, SettingsError
from raydrift.exports.run_files import export_run
from raydrift.exports.standing import check_no_others
from raydrift.paths import StoragePath
from raydrift.settings.gan_toml import synthesize_settings, translate_settings
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.modelarts import (
    CYCLEGAN,
    STYLEGAN,
    Operator,
    modelarts_values,
    with_our_names,
)
from raydrift.storage.record import JobRecord

Place = str | os.PathLike[str]

RUN: Final = "run"
"""The folder in ``train_url`` that is a run as every other: its tables, its model, its report."""

_ANYWHERE: Final = {"input": "(input)", "output": "(output)"}


class CycleGan:
    """Makes the images of one domain look like those of another.

    Args:
        settings: Further settings, nested as in a TOML file of ``raydrift translate``:
            ``{"seed": 1, "cyclegan": {"width": 32}, "storage_options": {...}}``.
        parameters: Those of the operator, by their names: ``do_validation``, ``image_channel``,
            ``image_height``, ``image_width``, ``batch_size``, ``max_epoch``, ``g_learning_rate``,
            ``d_learning_rate``, ``log_frequency``, ``save_frequency``, ``predict``, ``resume``.

    Raises:
        SettingsError: (a ``ValueError``) A name is unknown, or a value cannot be.
    """

    def __init__(self, settings: Mapping[str, Any] | None = None, /, **parameters: Any) -> None:
        self._values = _values(settings, parameters, CYCLEGAN)
        to = {} if "model" in self._values else {"to": "(target)"}
        translate_settings({**_ANYWHERE, **self._values, **to})

    def run(
        self, source: Place, target: Place | None, train_url: Place, *, progress: bool = True
    ) -> JobRecord:
        """Trains on both domains, and translates the images of the source.

        The same call again on the same ``train_url`` continues where it stopped.

        Args:
            source: The images to translate: a folder, or a manifest.
            target: The images to look like. With ``predict`` nothing is trained, and it may be
                None.
            train_url: The folder to write: ``Data/``, ``samples/``, ``model/``,
                ``output_0.manifest``, and in ``run/`` the run itself; a local path or a URI.
            progress: Whether it is shown on standard error.

        Returns:
            What ``run.json`` says at the end.

        Raises:
            RaydriftError: As ``raydrift.translate`` and ``raydrift.export``.
        """
        from raydrift.engine.translate import translate

        values = {**self._values, "input": path_text("source", source)}
        if "model" not in values:
            if target is None:
                raise SettingsError("target is None: give the images to look like, or predict")
            values["to"] = path_text("target", target)
        url = path_text("train_url", train_url)
        settings = translate_settings({**values, "output": _run_folder(url)})
        return _exported(settings.run, url, lambda: translate(settings, quiet=not progress))


class StyleGan:
    """Makes more images of a small set, per class where it has sub-folders.

    Args:
        settings: Further settings, nested as in a TOML file of ``raydrift synthesize``.
        parameters: Those of the operator, by their names, with hyphens or underscores:
            ``resolution``, ``batch-size``, ``total-kimg``, ``generate_num``, ``predict``,
            ``resume``, ``do_validation``.

    Raises:
        SettingsError: (a ``ValueError``) A name is unknown, or a value cannot be.
    """

    def __init__(self, settings: Mapping[str, Any] | None = None, /, **parameters: Any) -> None:
        self._values = _values(settings, parameters, STYLEGAN)
        synthesize_settings({**_ANYWHERE, **self._values})

    def run(self, input: Place | None, train_url: Place, *, progress: bool = True) -> JobRecord:
        """Trains on a set of images, and makes new ones.

        The same call again on the same ``train_url`` continues where it stopped.

        Args:
            input: The images to learn from: a flat folder, class folders, or a manifest. With
                ``predict`` nothing is trained, and it may be None.
            train_url: The folder to write, as of ``CycleGan.run``.
            progress: Whether it is shown on standard error.

        Returns:
            What ``run.json`` says at the end.

        Raises:
            RaydriftError: As ``raydrift.synthesize`` and ``raydrift.export``.
        """
        from raydrift.engine.synthesize import synthesize

        values = dict(self._values)
        if input is not None:
            values["input"] = path_text("input", input)
        elif "model" not in values:
            raise SettingsError("input is None: give the images to learn from, or predict")
        url = path_text("train_url", train_url)
        settings = synthesize_settings({**values, "output": _run_folder(url)})
        return _exported(settings.run, url, lambda: synthesize(settings, quiet=not progress))


def _values(
    settings: Mapping[str, Any] | None, parameters: Mapping[str, Any], operator: Operator
) -> dict[str, Any]:
    """All that is asked for, nested as in TOML."""
    ours = dict(settings or {})
    for name in ours:
        if name in ("input", "output", "to"):
            raise SettingsError(f"{name} is for run(...): leave it out of the settings")
    modelarts_values(parameters, operator)  # which refuses names that it has not
    return with_our_names({**ours, **parameters}, operator)


def _run_folder(train_url: str) -> str:
    return f"{train_url.rstrip('/')}/{RUN}"


def _exported(
    settings: GenerateSettings, train_url: str, run: Callable[[], JobRecord]
) -> JobRecord:
    """Runs, and writes the result as ModelArts has it.

    A folder that could not be exported to after the training is refused before it.
    """
    options = settings.options_of("output")
    output, folder = (StoragePath.of(one, options) for one in (settings.output, train_url))
    if folder.info().type == fs.FileType.File:
        raise OutputError(f"output {folder} is a file: give a folder")
    check_no_others(folder, output)
    record = run()
    export_run(output, folder, "modelarts")
    return record
