"""``run.json``: what a run is, how far it is, and what it needs to be the same again."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Any, Final, Literal

from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.storage import layout

FORMAT: Final = 5
"""Goes up when the same settings give other bytes or other files."""

_OLDEST: Final = 3  # whose finished runs can still be looked at

Status = Literal["running", "sharded", "complete"]

PIXEL_PACKAGES: Final = (
    "numpy", "opencv-python-headless", "simplejpeg", "cykooz.resizer", "isal", "pillow",
    "tifffile", "imagecodecs",
)  # fmt: skip
"""What makes pixels and PNGs; every worker has the same versions."""

RAW_PACKAGES: Final = ("rawpy",)
"""What else makes the pixels of raw files; ``versions`` has it wherever it is installed."""

RESULT_PACKAGES: Final = ("raydrift", *PIXEL_PACKAGES, "torch")
"""What the bytes of a run come from; the shards of one run are all made with the same versions."""

_PACKAGES: Final = (*RESULT_PACKAGES, *RAW_PACKAGES, "ray", "pyarrow")


@dataclass
class JobRecord:
    """The content of ``run.json``.

    Attributes:
        identity: All that the result's bytes depend on.
        settings: All settings, resolved.
        shard_size: Samples a shard.
        samples: How many samples were asked for.
        classes: Class name to label.
        status: ``running``, ``sharded`` (all shards are there) or ``complete`` (merged).
        ignored: Files of the input that were passed over, by reason.
        notes: Plain sentences that whoever uses the result should read.
        made_on: The kinds of machines that its ``pixels`` and ``embeddings`` were made on, as its
            first shard was: others make other bytes.
        ranges_found: The value ranges of the settings that were found in the input, not given.
        plan: Workers and embedders of the last session that made shards.
        counts: Samples asked for, written, rejected; bytes.
        remarks: On images that were used but are worth a look: the text, how many images it is true
            of, and the paths of a few.
        timings: Seconds, by what they were spent on; those of ``all_workers`` are sums over the
            shards, of all sessions.
        workers: Hosts and processes that committed shards, samples of the least and the most busy.
        slowest_shards: The few that took longest: number, samples, seconds by stage, worker, start.
        accepted: Size and checksum of the list of the shards that are merged.
        files: Size and checksum of the merged files by name: CRC-32 of the zip, which is written in
            many places at once, SHA-256 of the tables.
        versions: The versions of Python and of the packages that the bytes come from.
        listing: In which state the files of the merged shards were, see ``storage.listing``.
    """

    identity: dict[str, Any]
    settings: dict[str, Any]
    shard_size: int
    samples: int
    classes: dict[str, int]
    status: Status = "running"
    ignored: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    made_on: dict[str, str] = field(default_factory=dict)
    ranges_found: dict[str, list[float]] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    remarks: list[dict[str, Any]] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    workers: dict[str, int] = field(default_factory=dict)
    slowest_shards: list[dict[str, Any]] = field(default_factory=list)
    accepted: dict[str, int | str] = field(default_factory=dict)
    files: dict[str, dict[str, int | str]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=lambda: installed_versions())
    listing: str = ""
    format: int = FORMAT

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the identity and the shards' size: what makes a shard one of this run's."""
        whole = self.identity | {"shard_size": self.shard_size}
        return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()

    @property
    def written_digest(self) -> str:
        """SHA-256 of what a finished run wrote: what it is, and the checksums of its files."""
        whole = [self.fingerprint, self.files]
        return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()

    @property
    def short_id(self) -> str:
        """The run in metrics and logs: the first digits of its fingerprint."""
        return self.fingerprint[:12]

    @property
    def shards(self) -> int:
        """How many shards the samples are."""
        return -(-self.samples // self.shard_size)

    @property
    def views(self) -> tuple[str, ...]:
        """The codes of the views, each in a folder of its own, that a run of views makes."""
        return tuple(self.identity.get("views") or ())

    @property
    def has_embeddings(self) -> bool:
        """Whether embeddings are part of this run."""
        return bool(self.settings["embedding"]["compute"])

    @property
    def is_raw(self) -> bool:
        """Whether the input is raw files."""
        return self.settings.get("raw") is not None

    @property
    def has_copies(self) -> bool:
        """Whether images come several times, an epoch each."""
        return self.settings.get("copies") is not None

    @property
    def has_replaced(self) -> bool:
        """Whether a drift replaces images."""
        return any("replace" in drift for drift in self.settings.get("drift", ()))

    def save(self, output: StoragePath) -> None:
        """Writes ``run.json`` whole or not at all."""
        content = {"fingerprint": self.fingerprint} | asdict(self)
        (output / layout.RUN).write_bytes(json.dumps(content, indent=2).encode() + b"\n")


def load_record(output: StoragePath) -> JobRecord | None:
    """Reads ``run.json``; None where there is none.

    Raises:
        OutputError: What is there is not raydrift's.
    """
    place = output / layout.RUN
    if not place.is_file():
        return None
    try:
        content = json.loads(place.read_bytes())
        content.pop("fingerprint")
        record = JobRecord(**content)
        oldest = _OLDEST if record.status == "complete" else FORMAT
        if not oldest <= record.format <= FORMAT:
            raise ValueError
        return record
    except (ValueError, TypeError, KeyError, AttributeError):
        raise OutputError(
            f"{place} is not a run of this version of raydrift: choose another output, "
            "or delete the file"
        ) from None


def is_of_earlier_format(output: StoragePath) -> bool:
    """Whether a folder's ``run.json`` is of an earlier version of raydrift."""
    try:
        content = json.loads((output / layout.RUN).read_bytes())
        return bool(content["fingerprint"] and content["format"] < FORMAT)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return False


def require_record(output: StoragePath) -> JobRecord:
    """Reads ``run.json``.

    Raises:
        OutputError: There is none, or what is there is not raydrift's.
    """
    record = load_record(output)
    if record is None:
        raise OutputError(f"{output} has no {layout.RUN}: give the output folder of a generate run")
    return record


def differences(
    old: dict[str, Any], new: dict[str, Any], defaults: Mapping[str, Any] | None = None
) -> list[str]:
    """Says where two identities differ: ``seed is 1 there and 2 here``.

    Args:
        old: The identity of what is there.
        new: That of what is asked for.
        defaults: What a setting is that one of them lacks, since there was none such when it was
            made.
    """
    return _differences(old, new, defaults or {}, "")


def _differences(
    old: dict[str, Any], new: dict[str, Any], defaults: Mapping[str, Any], prefix: str
) -> list[str]:
    found = []
    for name in sorted(old.keys() | new.keys()):
        default = defaults.get(name)
        before, now = old.get(name, default), new.get(name, default)
        if prefix == "code." and before != now:
            found.append(f"the code of the transform {name} is another")
        elif name == "classes" and before != now:
            found.append("the classes or their labels are others")
        elif isinstance(before, dict) and isinstance(now, dict):
            below = default if isinstance(default, dict) else {}
            found += _differences(before, now, below, f"{prefix}{name}.")
        elif before != now:
            if name == "input":
                found.append("the input's files are others")
            elif name == "images" and not prefix:
                found.append("the images to learn from are others")
            elif name == "replaced":
                found.append("the images that replace others are others")
            elif name == "twins":
                found.append("the twins are others")
            elif name == "weights":
                found.append("the network's weights are others")
            elif prefix == "task." and name == "model":
                found.append("the task's model is another")
            else:
                found.append(f"{prefix}{name} is {_brief(before)} there and {_brief(now)} here")
    return found


def installed_versions(also: Iterable[str] = ()) -> dict[str, str]:
    """Versions of Python, of the packages that the result's bytes come from, and of others."""
    found = {"python": python_version()}
    for name in (*_PACKAGES, *also):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def other_version(names: Iterable[str], versions: Mapping[str, str]) -> str | None:
    """Says which package is not here as it was where a record was made; None: all are.

    Args:
        names: The names of the packages that matter.
        versions: That the record tells.

    Returns:
        As ``pillow 13.0.0, this is 13.1.0``, for the first of them.
    """
    names = list(names)
    here = installed_versions(names)
    for name in names:
        before, now = versions.get(name, "(absent)"), here.get(name, "(absent)")
        if before != now:
            return f"{name} {before}, this is {now}"
    return None


def _brief(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
