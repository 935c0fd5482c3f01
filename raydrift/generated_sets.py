"""``raydrift.translate`` and ``raydrift.synthesize``: the Python faces of generative networks."""

import os
from collections.abc import Mapping
from typing import Any

from raydrift.checked import path_text
from raydrift.dataset import DriftedDataset, open_dataset
from raydrift.settings.catalog import CatalogSettings
from raydrift.settings.cluster import ClusterSettings
from raydrift.settings.given import run_given
from raydrift.settings.output import FaultSettings, OutputSettings
from raydrift.settings.synthesize import (
    StyleGanSettings,
    SynthesizeSettings,
    SynthesizeTraining,
)
from raydrift.settings.translate import (
    TO_TARGET,
    CycleGanSettings,
    TranslateSettings,
    TranslateTraining,
)
from raydrift.settings.validate import ValidateSettings


def translate(
    input_path: str | os.PathLike[str],
    output_path: str | os.PathLike[str],
    to: str | os.PathLike[str] | None = None,
    *,
    model: str | os.PathLike[str] | None = None,
    direction: str = TO_TARGET,
    input_dim: Any = (256, 256),
    channels: int = 3,
    train: TranslateTraining | None = None,
    cyclegan: CycleGanSettings | None = None,
    validate: ValidateSettings | None = None,
    split: str | None = None,
    catalog: CatalogSettings | None = None,
    seed: int = 42,
    num_samples: int | None = None,
    organize_by_class: bool = False,
    shard_size: int | None = None,
    overwrite: bool = False,
    faults: FaultSettings | None = None,
    storage_options: Mapping[str, Any] | None = None,
    cluster: ClusterSettings | None = None,
    progress: bool = True,
) -> DriftedDataset:
    """Makes the images of one domain look like those of another, with a CycleGAN.

    The networks are trained on both domains, which need no pairs; then every image of the input is
    translated. The same call again on the same output continues where it stopped.

    Args:
        input_path: The images to translate: class folders, a flat folder, or a manifest; a local
            path or a URI.
        output_path: The folder to write: a run, and beside it the model, samples of each save and a
            report.
        to: The images to look like. None: ``model`` is given.
        model: The output of an earlier run, or its ``generator.safetensors``: nothing is trained.
        direction: ``to_target``; with a model also ``to_source``.
        input_dim: Height and width of the network's images, multiples of 4, or one number.
        channels: 3, or 1 for grey images.
        train: How the networks are trained; None: for 100 epochs.
        cyclegan: The networks; None: the published ones.
        validate: The checks of the input.
        split: The sub-folder of the input that has the class folders, or the split of a manifest.
        catalog: Where the classes are told, and what is left out.
        seed: Of the networks' first weights, of all draws, and of the order of the images.
        num_samples: How many images are translated; None: all.
        organize_by_class: Whether the container has class folders.
        shard_size: Samples a shard; None: as many as suit the workers.
        overwrite: Whether another run's output there is replaced.
        faults: What happens with images that cannot be used.
        storage_options: How buckets are reached.
        cluster: Where the work is done.
        progress: Whether it is shown on standard error.

    Returns:
        The translated images.

    Raises:
        SettingsError: (a ``ValueError``) A setting cannot be, or the model is of another kind.
        RejectedError: The input cannot be trained on.
        OutputError: The folder holds another run.
        RaydriftError: The run failed; the same call continues it.

    Example:
        ::

            winter = raydrift.translate("summer", "out", "winter", input_dim=128)
            winter[0].image.show()
    """
    from raydrift.engine.translate import translate as run

    settings = TranslateSettings(
        run_given(
            input_path,
            output_path,
            split=split,
            catalog=catalog,
            seed=seed,
            num_samples=num_samples,
            profile=None,
            input_dim=input_dim,
            masks=None,
            write=_write(organize_by_class, shard_size, overwrite),
            faults=faults,
            storage_options=storage_options,
            cluster=cluster,
        ),
        to=None if to is None else path_text("to", to),
        model=None if model is None else path_text("model", model),
        direction=direction,
        channels=channels,
        train=TranslateTraining() if train is None else train,
        cyclegan=CycleGanSettings() if cyclegan is None else cyclegan,
        validate=ValidateSettings() if validate is None else validate,
    )
    run(settings, quiet=not progress)
    return open_dataset(settings.run.output, storage_options)


def synthesize(
    input_path: str | os.PathLike[str] | None,
    output_path: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | None = None,
    num_samples: int = 300,
    input_dim: Any = (256, 256),
    channels: int = 3,
    train: SynthesizeTraining | None = None,
    stylegan: StyleGanSettings | None = None,
    validate: ValidateSettings | None = None,
    class_mapping: Mapping[str, int] | None = None,
    split: str | None = None,
    catalog: CatalogSettings | None = None,
    seed: int = 42,
    organize_by_class: bool = False,
    shard_size: int | None = None,
    overwrite: bool = False,
    faults: FaultSettings | None = None,
    storage_options: Mapping[str, Any] | None = None,
    cluster: ClusterSettings | None = None,
    progress: bool = True,
) -> DriftedDataset:
    """Makes new images that look like those of a small set, with StyleGAN2.

    The network is trained with adaptive augmentation, on at least 70 images of each class. 300,000
    images from new networks give a sketch; good images take about 5 million, or 1 million from an
    earlier model (``train.resume``). The same call again continues where it stopped.

    Args:
        input_path: The images to learn from: class folders, a flat folder, or a manifest. None:
            ``model`` is given.
        output_path: The folder to write: a run, and beside it the model, samples of each save and a
            report.
        model: The output of an earlier run, or its ``generator.safetensors``: nothing is trained.
        num_samples: Images to make of each class.
        input_dim: Height and width, the same power of 2.
        channels: 3, or 1 for grey images.
        train: How the networks are trained; None: on 300,000 images.
        stylegan: The networks, and the truncation of what they make.
        validate: The checks of the input.
        class_mapping: Class name to integer label; None: sorted names to 0..C-1.
        split: The sub-folder of the input that has the class folders, or the split of a manifest.
        catalog: Where the classes are told, and what is left out.
        seed: Of the networks' first weights, of all draws, and of the latents.
        organize_by_class: Whether the container has class folders.
        shard_size: Samples a shard; None: as many as suit the workers.
        overwrite: Whether another run's output there is replaced.
        faults: What happens with images that cannot be used.
        storage_options: How buckets are reached.
        cluster: Where the work is done.
        progress: Whether it is shown on standard error.

    Returns:
        The new images.

    Raises:
        SettingsError: (a ``ValueError``) A setting cannot be, or the model is of another kind.
        RejectedError: The input cannot be trained on.
        OutputError: The folder holds another run.
        RaydriftError: The run failed; the same call continues it.

    Example:
        ::

            more = raydrift.synthesize("defects", "out", input_dim=64)
            raydrift.synthesize(None, "still_more", model="out", num_samples=5000)
    """
    from raydrift.engine.synthesize import synthesize as run

    if input_path is None and model is not None:
        input_path = model
    settings = SynthesizeSettings(
        run_given(
            "" if input_path is None else input_path,
            output_path,
            split=split,
            catalog=catalog,
            seed=seed,
            num_samples=num_samples,
            class_mapping=class_mapping,
            profile=None,
            input_dim=input_dim,
            masks=None,
            write=_write(organize_by_class, shard_size, overwrite),
            faults=faults,
            storage_options=storage_options,
            cluster=cluster,
        ),
        model=None if model is None else path_text("model", model),
        channels=channels,
        train=SynthesizeTraining() if train is None else train,
        stylegan=StyleGanSettings() if stylegan is None else stylegan,
        validate=ValidateSettings() if validate is None else validate,
    )
    run(settings, quiet=not progress)
    return open_dataset(settings.run.output, storage_options)


def _write(organize_by_class: bool, shard_size: int | None, overwrite: bool) -> OutputSettings:
    return OutputSettings(
        organize_by_class=organize_by_class, shard_size=shard_size, overwrite=overwrite
    )
