"""What the bytes of a run depend on: the settings that count, the input, the network."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any, Final

from raydrift.catalog import Catalog
from raydrift.catalog.stream import Stream
from raydrift.embed.weights import Weights
from raydrift.errors import SettingsError
from raydrift.paths import redacted
from raydrift.settings.adjust import PARAMETRIZED
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.matrix import MatrixSettings
from raydrift.settings.sweep import Sweep
from raydrift.settings.toml import as_dict
from raydrift.settings.views import ViewsSettings
from raydrift.storage.record import FORMAT
from raydrift.transforms import DriftProfile, TransformInfo

_ELSEWHERE: Final = (
    "input", "output", "num_samples", "class_mapping", "calibration", "stream", "profile",
    "embedding", "write", "faults", "cluster", "split", "masks",
    "catalog", "twins",
)  # fmt: skip
"""Settings that do not change a byte of the result, or that are told in another way: the input by
its digest, as the masks and the choice of images; twins by theirs; the mapping by the classes'
labels; a calibration by the transforms that it comes to; the length of the stream where something
is placed on it; a profile by the ranges in use."""

_ASIDE: Final = ("compute", "batch_size")
"""Settings of the embeddings that do not change a value of them."""


def run_identity(
    settings: GenerateSettings, samples: int, catalog_digest: str, weights_digest: str | None
) -> dict[str, Any]:
    """All that the bytes of a run's result depend on, as plain values.

    Args:
        settings: The run's settings.
        samples: How many it has, ``num_samples`` resolved.
        catalog_digest: The digest of the input's paths and classes.
        weights_digest: The digest of the network's weights; None without embeddings.
    """
    plain = as_dict(settings)
    identity = {name: value for name, value in plain.items() if name not in _ELSEWHERE}
    for drift in identity["drift"]:
        if "replace" in drift:
            drift["replace"] = True  # by what, the digest of that says
    if settings.raw is None:
        del identity["raw"]
    if settings.copies is None:
        del identity["copies"]
    whole, varying = list(settings.transforms), list[TransformInfo]()
    for drift in settings.drift:
        (varying if drift.varies_level else whole).extend(drift.transforms)
    identity["profile"] = settings.profile.in_use(whole, varying)
    used = [info for info in (*whole, *varying) if info.drift_level > 0]
    if code := settings.profile.code(used):
        identity["code"] = code
    identity["num_samples"] = samples
    identity["input"] = catalog_digest
    identity["organize_by_class"] = settings.write.organize_by_class
    embedding = {name: value for name, value in plain["embedding"].items() if name not in _ASIDE}
    embedding["weights"] = weights_digest
    identity["embedding"] = embedding if settings.embedding.compute else None
    identity["format"] = FORMAT
    plainest: dict[str, Any] = json.loads(json.dumps(identity))  # as it will be read back
    return plainest


def measure_identity(
    settings: GenerateSettings, catalog: Catalog, sweep: Sweep, weights: Weights
) -> dict[str, Any]:
    """All that the measures of a sweep depend on, as plain values.

    Args:
        settings: The settings of the images and the network, ``num_samples`` resolved.
        catalog: The input.
        sweep: The transforms and levels.
        weights: The weights of the network.
    """
    infos = tuple(info for chain in sweep.chains for info in chain)
    embedding = replace(settings.embedding, compute=True)
    swept = replace(settings, transforms=infos, embedding=embedding)
    samples = settings.num_samples or len(catalog)
    identity = run_identity(swept, samples, catalog.digest(), weights.digest)
    identity["embedding"]["batch_size"] = settings.embedding.batch_size
    identity |= {"classes": dict(catalog.labels)} | Stream.of(settings, catalog).identity(settings)
    identity |= twins_identity(catalog)
    return identity | {
        "transforms": [str(one) for one in sweep.transforms],
        "levels": list(sweep.levels),
    }


def twins_identity(catalog: Catalog) -> dict[str, Any]:
    """What a run's bytes depend on where its images are blended with their twins; plain values."""
    return {} if catalog.twins is None else {"twins": catalog.twins.digest}


def views_identity(settings: ViewsSettings) -> dict[str, Any]:
    """What the pictures of views depend on beside the photographs, as plain values."""
    setup = settings.run.profile.setup("camera")
    aside = ("mode", "view", "fixed")
    camera = {name: value for name, value in asdict(setup).items() if name not in aside}
    plain = {name: _plain(value) for name, value in camera.items()}
    return {"views": list(settings.views), "compat": settings.compat, "camera": plain}


def matrix_identity(
    settings: MatrixSettings, catalog: Catalog, weights: Weights | None
) -> dict[str, Any]:
    """All that the pictures of views, their embeddings and divergences depend on, as plain values.

    Args:
        settings: The settings, ``num_samples`` resolved.
        catalog: The input.
        weights: The weights of the network that embeds; None: nothing is embedded.
    """
    embedding = replace(settings.run.embedding, compute=weights is not None)
    run = replace(settings.run, embedding=embedding)
    samples = run.num_samples or len(catalog)
    digest = None if weights is None else weights.digest
    identity = run_identity(run, samples, catalog.digest(), digest)
    if weights is not None:
        identity["embedding"]["batch_size"] = run.embedding.batch_size
    identity |= {"classes": dict(catalog.labels)} | Stream.of(run, catalog).identity(run)
    of_views = views_identity(settings)
    # ``views`` would make it a run whose images go to a folder a view.
    identity |= {"compared_views": of_views.pop("views"), **of_views}
    if settings.train is None:  # else pictures are kept, and corrupted when they are tested on
        identity["corruptions"] = list(settings.corruptions)
    return identity | {"divergence": settings.divergence}


def identity_defaults(*identities: Mapping[str, Any]) -> dict[str, Any]:
    """What a setting is that an identity lacks, see ``storage.record.differences``.

    Args:
        *identities: Those that are compared; the ranges of their transforms are among the defaults.
    """
    defaults = as_dict(GenerateSettings("in", "out"))
    used = (name for identity in identities for name in identity.get("profile", {}))
    defaults["profile"] = _own_ranges(used)
    defaults["corruptions"] = []  # of a matrix
    defaults["adjust"] = {"processor": PARAMETRIZED, "stages": 0}
    return defaults


def shown(settings: GenerateSettings) -> dict[str, Any]:
    """The settings as ``run.json`` holds them: without credentials in their URIs."""
    plain = as_dict(settings)
    plain["input"], plain["output"] = redacted(settings.input), redacted(settings.output)
    if settings.masks is not None:
        plain["masks"] = redacted(settings.masks)
    if settings.twins is not None:
        plain["twins"] = redacted(settings.twins)
    for drift in plain["drift"]:
        if "replace" in drift:
            drift["replace"] = redacted(drift["replace"])
    if settings.catalog.labels is not None:
        plain["catalog"]["labels"] = redacted(settings.catalog.labels)
    plain["embedding"]["weights"] = redacted(settings.embedding.weights)
    if settings.calibration.profile is not None:
        plain["calibration"]["profile"] = redacted(settings.calibration.profile)
    return plain


def _plain(value: Any) -> Any:
    """Tuples as JSON has them."""
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _own_ranges(names: Iterable[str]) -> dict[str, Any]:
    """The ranges that transforms have of their own; of none whose class is not here."""
    found = {}
    for name in names:
        with suppress(SettingsError):
            found[name] = DriftProfile().ranges(name)
    return found
