"""``model/training.json``: what a training is, how far it is, and what it told."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any, Final

from raydrift.errors import OutputError
from raydrift.paths import StoragePath, Sync
from raydrift.storage import layout
from raydrift.storage.record import differences, installed_versions

FORMAT: Final = 1
"""Goes up when the same settings train another network."""

RUNNING: Final = "running"
STOPPED: Final = "stopped"
COMPLETE: Final = "complete"


@dataclass
class TrainingRecord:
    """The content of ``model/training.json``.

    Attributes:
        identity: All that the network depends on.
        status: ``running``, ``stopped`` (saved before its end) or ``complete``.
        step: Steps that were trained when this was written.
        steps: Steps of the whole training.
        saved_step: Steps of the last save, where the training goes on.
        saves: The number of the last save.
        images: Real images that were shown, over all workers.
        seconds: That all sessions trained, measures and saves included.
        images_per_second: Lately, between saves.
        seconds_left: Until the last step at this speed, saves included; null: not known.
        losses: The last ones by name; null: not finite.
        measures: Those of the last save by name; null: not defined.
        notes: Plain sentences on what happened.
        restarts: How often it went back to a save since losses were not finite.
        digest: SHA-256 of ``generator.safetensors``; empty before the first save.
        workers: Processes that trained together in the last session.
        device: ``cpu`` or ``cuda``, or the GPU's name.
        threads: Of each process: another number trains another network in its last digits.
        versions: The versions of Python and of the packages.
    """

    identity: dict[str, Any]
    status: str = RUNNING
    step: int = 0
    steps: int = 0
    saved_step: int = 0
    saves: int = 0
    images: int = 0
    seconds: float = 0.0
    images_per_second: float = 0.0
    seconds_left: float | None = None
    losses: dict[str, float | None] = field(default_factory=dict)
    measures: dict[str, float | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    restarts: int = 0
    digest: str = ""
    workers: int = 1
    device: str = ""
    threads: int = 0
    versions: dict[str, str] = field(default_factory=lambda: installed_versions())
    format: int = FORMAT

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the identity: what makes a state one of this training's."""
        return training_fingerprint(self.identity)

    @property
    def short_id(self) -> str:
        """The training in metrics and logs."""
        return self.fingerprint[:12]

    def note(self, sentence: str) -> None:
        """Adds a sentence, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def save(self, output: StoragePath, sync: Sync = Sync.ALL) -> None:
        """Writes the record whole or not at all."""
        content = {"fingerprint": self.fingerprint} | asdict(self)
        data = json.dumps(content, indent=2, allow_nan=False).encode() + b"\n"
        (output / layout.TRAINED / layout.TRAINING_RECORD).write_bytes(data, sync)


def training_fingerprint(identity: Mapping[str, Any]) -> str:
    """SHA-256 of an identity."""
    return sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def as_json(values: Mapping[str, float]) -> dict[str, float | None]:
    """Numbers as JSON has them: null for those that are not finite."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def load_training(output: StoragePath) -> TrainingRecord | None:
    """Reads the record of a training; None where there is none.

    Raises:
        OutputError: What is there is not raydrift's.
    """
    place = output / layout.TRAINED / layout.TRAINING_RECORD
    try:
        content = json.loads(place.read_bytes())
        content.pop("fingerprint")
        record = TrainingRecord(**content)
        if record.format != FORMAT:
            raise ValueError
        return record
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise OutputError(
            f"{place} is not a training of this version of raydrift: choose another output, "
            "or replace it with --overwrite"
        ) from None


def find_training(
    output: StoragePath,
    identity: dict[str, Any],
    overwrite: bool,
    defaults: Callable[..., Mapping[str, Any]] = lambda *_: {},
) -> TrainingRecord | None:
    """Looks at what is in an output folder.

    Args:
        output: The folder.
        identity: The identity of this training.
        overwrite: Whether another training may be replaced.
        defaults: What settings are that one of two identities lacks, which it is given.

    Returns:
        This very training, begun or finished; None where there is nothing of it.

    Raises:
        OutputError: Another training is there and may not be overwritten.
    """
    try:
        found = load_training(output)
    except OutputError:
        if not overwrite:
            raise
        return None
    if found is None:
        return None
    plain = json.loads(json.dumps(identity))
    differs = differences(found.identity, plain, defaults(found.identity, plain))
    if not differs:
        return found
    if overwrite:
        return None
    raise OutputError(
        f"output {output} holds another training ({'; '.join(differs)}): "
        "choose another output, or replace it with --overwrite"
    )


def clear_training(output: StoragePath) -> None:
    """Deletes what a training wrote to an output folder, and nothing else."""
    model, samples = output / layout.TRAINED, output / layout.SAMPLES
    earlier = model / layout.EARLIER_MODELS
    for folder in (earlier, samples):
        folder.delete_files([name for name in folder.names() if layout.is_of_save(name)])
        folder.delete_if_empty()
    names = (layout.GENERATOR, layout.TRAINING_STATE, layout.TRAINING_RECORD)
    for place in (*(model / name for name in names), output / layout.PROGRESS):
        place.delete()
    (output / layout.PROGRESS_PLOT).delete()
    model.delete_if_empty()
