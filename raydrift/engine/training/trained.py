"""A model that is trained now: the input is kept as pixels, checked, and learned from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any, Final

from raydrift.catalog import Catalog
from raydrift.embed.weights import Weights, find_weights
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.training.job import GanSettings
from raydrift.engine.training.models import RunModel
from raydrift.engine.training.pictures import Domain, KeptImages, keep_pictures, remove_pictures
from raydrift.engine.training.sizes import kept_size
from raydrift.engine.training.train import TrainedModel, finished_training, train
from raydrift.engine.training.validation import (
    LEAST_IN_A_CLASS,
    LEAST_IN_A_DOMAIN,
    Checked,
    check_findings,
    checked_input,
)
from raydrift.errors import PipelineError
from raydrift.gan.model_content import CYCLEGAN, STYLEGAN, read_content
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.toml import as_dict
from raydrift.settings.translate import TranslateSettings
from raydrift.storage import layout
from raydrift.storage.lock import OutputLock
from raydrift.storage.output import check_is_free
from raydrift.storage.training_record import COMPLETE, find_training

Input = tuple[str, GenerateSettings, Catalog]
"""The name of a domain, its settings, and its listing."""

_IMAGES: Final = "images"
"""In the identity of a training that has begun: the digest of its images."""

_ASIDE: Final = (
    "workers", "max_hours", "log_every", "keep", "weights", "on_collapse",
)  # fmt: skip
"""Settings of a training that change no weight of its networks, and no name of a save."""


def trained_model(
    settings: GanSettings,
    inputs: Sequence[Input],
    output: StoragePath,
    lock: OutputLock,
    clock: Clock,
    quiet: bool,
) -> RunModel:
    """Trains a model, or what is missing of its training; nothing where it is there.

    Args:
        settings: The run's settings.
        inputs: The domains to learn from.
        output: The run's folder, which is locked.
        lock: Its lock.
        clock: What its seconds are counted by.
        quiet: Show no progress.

    Returns:
        The model, and what there is to say of its training.

    Raises:
        RejectedError: The input cannot be trained on.
        PipelineError: The training came to nothing, or stopped before its end: the same command
            continues it.
        RaydriftError: As ``train``.
    """
    run = settings.run
    identity = training_identity(settings, inputs)
    overwrite = run.write.overwrite
    found = finished_training(output, identity, overwrite, _seen)
    if found is not None:
        remove_pictures(output / layout.TRAINING_PICTURES)  # a kill at the very end left them
    else:
        begun = find_training(output, identity, overwrite, _seen)
        if begun is None or begun.status != COMPLETE:  # else its model was lost, and comes again
            check_is_free(output, overwrite)
        weights = _weights(settings)
        found = _trained(settings, inputs, output, lock, clock, identity, weights, quiet)
    if found.status != COMPLETE:
        reason = f": {found.notes[-1]}" if found.notes else ""
        raise PipelineError(f"the training stopped before its end{reason}")
    return RunModel(
        read_content(found.place, _kind(settings)),
        f"{layout.TRAINED}/{layout.GENERATOR}",
        found.notes,
    )


def training_identity(settings: GanSettings, inputs: Sequence[Input]) -> dict[str, Any]:
    """All that the weights of a training depend on, as plain values."""
    run = settings.run
    networks: dict[str, Any]
    if isinstance(settings, TranslateSettings):
        networks = asdict(settings.cyclegan)
    else:
        networks = asdict(settings.stylegan)
        del networks["truncation"]
    how = {name: value for name, value in asdict(settings.train).items() if name not in _ASIDE}
    identity = {
        "kind": _kind(settings),
        "seed": run.seed,
        "image": as_dict(run)["image"],
        "channels": settings.channels,
        "fit": settings.validate.fit,
        "inputs": {name: catalog.digest() for name, _, catalog in inputs},
        "train": how,
        "networks": networks,
    }
    plain: dict[str, Any] = json.loads(json.dumps(identity))
    return plain


def _trained(
    settings: GanSettings,
    inputs: Sequence[Input],
    output: StoragePath,
    lock: OutputLock,
    clock: Clock,
    identity: dict[str, Any],
    weights: Weights | None,
    quiet: bool,
) -> TrainedModel:
    height, width = kept_size(settings)
    domains = [
        Domain(name, replace(run, image=replace(run.image, height=height, width=width)), catalog)
        for name, run, catalog in inputs
    ]
    folder = output / layout.TRAINING_PICTURES
    kept = keep_pictures(
        domains,
        folder,
        lock,
        clock,
        channels=settings.channels,
        fit=settings.validate.fit,
        quiet=quiet,
    )
    chosen, notes = _checked(settings, kept, output)
    model = train(
        settings,
        chosen,
        output,
        lock,
        clock,
        identity | {_IMAGES: _digest(chosen)},
        weights=weights,
        notes=[*_advice(settings), *notes],
        quiet=quiet,
    )
    if model.status == COMPLETE:
        remove_pictures(folder)
    return model


def _checked(
    settings: GanSettings, kept: Sequence[KeptImages], output: StoragePath
) -> tuple[list[KeptImages], list[str]]:
    """The images that a training sees, and what there is to say of the input.

    Raises:
        RejectedError: It cannot be trained on.
    """
    run, is_translation = settings.run, isinstance(settings, TranslateSettings)
    found = checked_input(
        [Checked(one.name, one.facts, one.rejected) for one in kept],
        (run.image.height, run.image.width),
        settings.channels,
        run.faults,
        least=LEAST_IN_A_DOMAIN if is_translation else LEAST_IN_A_CLASS,
        by_class=not is_translation,
    )
    place = output / layout.VALIDATION
    if found.listed:
        place.write_bytes(json.dumps(list(found.listed), indent=2).encode() + b"\n")
    else:
        place.delete()
    notes = check_findings(found, settings.validate.check, str(place))
    told = [note for one in kept for note in one.notes]
    chosen = [one.chosen(rows) for one, rows in zip(kept, found.used, strict=True)]
    return chosen, [*told, *notes]


def _seen(begun: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What an identity lacks for which no image was read yet."""
    return {_IMAGES: begun.get(_IMAGES) or now.get(_IMAGES)}


def _digest(kept: Sequence[KeptImages]) -> str:
    """SHA-256 of what the images are that a training sees."""
    total = sha256()
    for one in kept:
        for name in ("path", "class_name", "content_crc", "deviation"):
            total.update("\0".join(map(str, one.facts[name].to_pylist())).encode(errors="replace"))
    return total.hexdigest()


def _weights(settings: GanSettings) -> Weights | None:
    """Those of the network that measures, if one is named."""
    name = settings.train.weights
    run = settings.run
    return None if name is None else find_weights(name, run.seed, run.options_of("weights"))


def _kind(settings: GanSettings) -> str:
    return CYCLEGAN if isinstance(settings, TranslateSettings) else STYLEGAN


def _advice(settings: GanSettings) -> list[str]:
    """What to expect of a short training."""
    if isinstance(settings, TranslateSettings):
        return []
    train = settings.train
    enough = 5 if train.resume is None else 1
    if train.kimg >= 1000 * enough:
        return []
    return [
        f"{train.kimg:g} thousand images give a sketch: good images take about {enough} million"
        + ("" if train.resume is not None else ", or 1 million from an earlier model")
    ]
