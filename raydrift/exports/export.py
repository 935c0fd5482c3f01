"""``raydrift.export``: a run as loose files, or a model as other programs take it."""

import os
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from raydrift.checked import path_text
from raydrift.errors import OutputError, SettingsError
from raydrift.exports.run_files import Told, export_run
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.storage.layout import class_folder
from raydrift.storage.output import failing_as_output, made_folder


def export(
    source: str | os.PathLike[str],
    output_path: str | os.PathLike[str],
    *,
    layout: str | None = None,
    format: str | None = None,
    storage_options: Mapping[str, Any] | None = None,
    told: Told = lambda *_: None,
) -> list[str]:
    """Writes the images of a run as loose files, or a trained model for other programs.

    The run is not changed. An export of images that was stopped is finished by the same call.

    Args:
        source: The folder of a finished run; for a model also its ``generator.safetensors``.
        output_path: The folder to write, new, empty, or with this very export; a local path or a
            URI. A model with one network may also be a file, ``NAME.pt2`` or ``NAME.onnx``.
        layout: Of images. ``folders``: PNG files in class folders and ``metadata.csv``, as
            torchvision's ``ImageFolder`` and Hugging Face's ``imagefolder`` read them.
            ``modelarts``: ``Data/`` and ``output_0.manifest``; of translate and synthesize also
            ``samples/`` and ``model/``, images as JPEG.
        format: Of a model. ``torch``: a program of torch.export. ``onnx``: ONNX, with the extra
            ``raydrift[onnx]``. A CycleGAN becomes a file for each direction.
        storage_options: How buckets are reached; sub-tables ``input`` and ``output`` go before the
            rest for the source and for what is written.
        told: Is called with how many images are written, and of how many.

    Returns:
        The paths of what to begin with: the list of the images, and the models.

    Raises:
        SettingsError: (a ``ValueError``) Not exactly one of layout and format is given, or there is
            no such one; or the source is no model; or ONNX's packages are not installed.
        OutputError: The source is no finished run; or the output has other content, or cannot be
            written.

    Example:
        ::

            manifest, *models = raydrift.export("out", "for_modelarts", layout="modelarts")
            to_source, to_target = raydrift.export("out", "networks", format="onnx")
    """
    if (layout is None) == (format is None):
        raise SettingsError(
            "give either a layout, folders or modelarts, to export images, or a format, torch or "
            "onnx, to export a model"
        )
    run = GenerateSettings(
        path_text("source", source),
        path_text("output_path", output_path),
        storage_options=storage_options or {},
    )
    place = StoragePath.of(run.input, run.options_of("input"))
    output = StoragePath.of(run.output, run.options_of("output"))
    if layout is not None:
        return [str(output / name) for name in export_run(place, output, layout, told)]
    return export_model(place, output, str(format))


def export_model(source: StoragePath, output: StoragePath, format: str) -> list[str]:
    """Writes the generators of a model in another format, a file each.

    Args:
        source: The model's file, or the folder of a run.
        output: The folder to write; or a file, for a model with one network.
        format: ``torch`` or ``onnx``.

    Returns:
        The paths of the files.

    Raises:
        SettingsError: As ``export``.
        OutputError: A file of this name is there, or cannot be written.
    """
    from raydrift.gan.exporting import SUFFIXES, check_format, exported
    from raydrift.gan.model_file import read_model

    check_format(format)
    model, suffix = read_model(source), SUFFIXES[format]
    files = {name: output / (class_folder(name) + suffix) for name in model.names}
    is_file = output.path.lower().endswith(tuple(SUFFIXES.values()))
    if is_file:
        if len(files) > 1 or not output.path.lower().endswith(suffix):
            wanted = ", ".join(class_folder(name) + suffix for name in files)
            raise SettingsError(f"output {output} is one file: give a folder, for {wanted}")
        files = dict.fromkeys(files, output)
    with failing_as_output(output), nullcontext() if is_file else made_folder(output):
        for place in files.values():
            if place.is_file():
                raise OutputError(f"output {place} is there already: choose another, or delete it")
        for name, place in files.items():
            place.write_bytes(exported(model, name, format))
    return [str(place) for place in files.values()]
