"""Everything that can be set, with its default, in frozen dataclasses.

The command line's flags, a TOML file and the Python API all end here, and what cannot be is refused
here, once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from operator import index
from typing import Any, Final

from raydrift.checked import at_least, check_apart, check_types, choose, require
from raydrift.errors import SettingsError
from raydrift.place.secrecy import conceal, reveal
from raydrift.ranges import Range, checked_range
from raydrift.schedules.drift import Drift
from raydrift.schedules.label_shift import LabelShift
from raydrift.seeds import check_seed
from raydrift.transforms import DriftProfile as DriftProfile
from raydrift.transforms import ImageTransform as ImageTransform
from raydrift.transforms import TransformInfo as TransformInfo
from raydrift.transforms import check_level as check_level

FIRST_TIMESTAMP: Final = 1717232400.0
"""The timestamp of sample 0, in seconds since 1970 (1 June 2024, 09:00 UTC)."""

FINEST_TIME: Final = 1e-6
"""Seconds that samples are apart at least, if at all."""


# Arrow's columns of bytes end at 2 GiB, and a PNG can be larger than its pixels.
_MOST_SHARD_BYTES: Final = 2**30

_PLACES: Final = ("input", "output", "weights", "profile")


@dataclass(frozen=True)
class ImageSettings:
    """How input bytes become pixels.

    Attributes:
        height: Of the output image, pixels; the input is resized to exactly that.
        width: Likewise.
        max_pixels: An input image of more pixels is rejected before it is decoded.
        max_bytes: An input file of more bytes is rejected before it is read.
        max_memory: An input image that takes more bytes of memory to decode is rejected, before it
            is decoded; those of its file are among them.
        profile: What is done with colour profiles: ``ignore`` leaves the pixels as they are,
            ``convert`` brings them to sRGB.
        value_range: Which sample values become black and white, where samples have more than 8
            bits, a sign or a point: one pair, or one for each kind (``ranges``). A run looks at
            some of its images for the kinds that are not given.
    """

    height: int = 224
    width: int = 224
    max_pixels: int = 200_000_000
    max_bytes: int = 2**30
    max_memory: int = 2**29
    profile: str = "ignore"
    value_range: Range | Mapping[str, Range] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "value_range", checked_range(self.value_range))
        check_types(self, "image.")
        for name in ("height", "width"):
            value = getattr(self, name)
            require(8 <= value <= 8192, f"image.{name}", value, "give 8 to 8192 pixels")
        for name in ("max_pixels", "max_bytes", "max_memory"):
            value = getattr(self, name)
            require(value > 0, f"image.{name}", value, "give at least 1")
        choose("image.profile", self.profile, ("ignore", "convert"))

    @property
    def bytes(self) -> int:
        """Of the pixels of one output image."""
        return self.height * self.width * 3

    @property
    def most_read(self) -> int:
        """Bytes of the largest input file that is read: a larger one is too much to decode."""
        return min(self.max_bytes, self.max_memory)

    @classmethod
    def parse_size(cls, text: str) -> tuple[int, int]:
        """Reads ``224`` or ``HEIGHTxWIDTH`` as (height, width).

        >>> ImageSettings.parse_size("192x256")
        (192, 256)
        """
        parts = text.lower().split("x")
        if len(parts) > 2 or not all(part.isdecimal() for part in parts):
            raise SettingsError(f"image size {text!r}: write 224 or HEIGHTxWIDTH, e.g. 192x256")
        return int(parts[0]), int(parts[-1])


@dataclass(frozen=True)
class EmbeddingSettings:
    """The network that looks at the drifted images.

    Attributes:
        compute: Whether ``embeddings.parquet`` is written.
        weights: ``imagenet`` (torchvision's ``ResNet18_Weights.DEFAULT``), ``random``, or the path
            of a ResNet18 state dict.
        normalize: Whether pixels are normalised by ImageNet's mean and deviation.
        precision: ``float32`` or ``bfloat16``.
        batch_size: Images in a batch whose similarity is evaluated.
    """

    compute: bool = False
    weights: str = "imagenet"
    normalize: bool = False
    precision: str = "float32"
    batch_size: int = 32

    def __post_init__(self) -> None:
        check_types(self, "embedding.")
        choose("embedding.precision", self.precision, ("float32", "bfloat16"))
        require(bool(self.weights), "embedding.weights", self.weights, "imagenet, random or PATH")
        require(self.batch_size > 0, "embedding.batch_size", self.batch_size, "give at least 1")


@dataclass(frozen=True)
class OutputSettings:
    """What is written, and what is done with what is there.

    Attributes:
        organize_by_class: Class folders inside the zip, instead of a flat one.
        shard_size: Samples a shard, the unit of work and of resume; None: 256, fewer for small
            sets, so that every worker has some.
        keep_shards: Whether ``_shards/`` stays after they are merged.
        finalize: Whether the shards are merged at the end of the run.
        overwrite: Whether another run's output is replaced.
    """

    organize_by_class: bool = False
    shard_size: int | None = None
    keep_shards: bool = False
    finalize: bool = True
    overwrite: bool = False

    def __post_init__(self) -> None:
        check_types(self, "write.")
        size = self.shard_size
        ok = size is None or 1 <= size <= 65_536
        require(ok, "write.shard_size", size, "give 1 to 65536 samples")


@dataclass(frozen=True)
class FaultSettings:
    """What happens with images that cannot be used.

    Attributes:
        on_error: ``skip`` writes them to ``rejected.parquet``; ``fail`` stops at the first.
        max_rejected: The fraction of rejected images, 0 to 1, over which a run fails at its end.
    """

    on_error: str = "skip"
    max_rejected: float = 0.1

    def __post_init__(self) -> None:
        check_types(self, "faults.")
        choose("faults.on_error", self.on_error, ("skip", "fail"))
        ok = 0 <= self.max_rejected <= 1
        require(ok, "faults.max_rejected", self.max_rejected, "give a fraction from 0 to 1")


@dataclass(frozen=True)
class ClusterSettings:
    """Where the work is done.

    Attributes:
        address: None starts Ray on this machine (or uses the one that this process, or the
            environment's ``RAY_ADDRESS``, is connected to); ``auto``, ``HOST:PORT`` and
            ``ray://HOST:PORT`` connect to a cluster.
        workers: Processes that decode, drift and encode, one CPU each, as many from the start to
            the end. None, written ``auto``: one a free CPU, on a cluster also one a CPU that joins
            while the run is at work.
        min_workers: Of ``auto``: how many there have to be for the run to begin.
        max_workers: Of ``auto``: how many there may come to be; None: one a shard.
        embedders: Processes that only embed. None, written ``auto``: one a free GPU, on a cluster
            also one a GPU that joins, and where the run begins without GPUs every worker embeds its
            own images to the end. A number without GPUs takes a CPU each.
        min_embedders: Of ``auto``: how many GPUs there have to be for the run to begin; so it does
            not begin without one.
        max_embedders: Of ``auto``: how many there may come to be; None: one a shard.
        wait_seconds: How long a run waits on a cluster for the CPUs and GPUs that it cannot begin
            without; an autoscaler is asked for them. 0: it does not. On this machine alone, where
            none can join, no run waits.
        verbose: Whether Ray's own progress and log lines are shown.
    """

    address: str | None = None
    workers: int | None = None
    min_workers: int = 1
    max_workers: int | None = None
    embedders: int | None = None
    min_embedders: int = 0
    max_embedders: int | None = None
    wait_seconds: float = 600.0
    verbose: bool = False

    def __post_init__(self) -> None:
        check_types(self, "cluster.")
        at_least(1, "cluster.workers", self.workers)
        at_least(1, "cluster.min_workers", self.min_workers)
        at_least(self.min_workers, "cluster.max_workers", self.max_workers)
        at_least(0, "cluster.embedders", self.embedders)
        at_least(0, "cluster.min_embedders", self.min_embedders)
        ok = self.embedders is None or self.min_embedders == 0
        auto = 'it is for embedders = "auto": leave one out'
        require(ok, "cluster.min_embedders", self.min_embedders, auto)
        at_least(max(self.min_embedders, 1), "cluster.max_embedders", self.max_embedders)
        ok = self.wait_seconds >= 0 and isfinite(self.wait_seconds)
        require(ok, "cluster.wait_seconds", self.wait_seconds, "give 0 or more seconds")


@dataclass(frozen=True)
class CalibrationSettings:
    """A drift that is asked for by how far it goes, instead of by its level.

    Attributes:
        profile: The file that ``raydrift calibrate`` wrote; None: levels are given.
        target: The divergence that the images are to have, in the profile's metric.
        level: Instead of it, the share of the divergence at full level, 0 to 1.
    """

    profile: str | None = None
    target: float | None = None
    level: float | None = None

    def __post_init__(self) -> None:
        check_types(self, "calibration.", leave=("level",))
        asked = (self.target is not None) + (self.level is not None)
        if asked != (self.profile is not None):
            raise SettingsError("calibration: give a profile with either a target or a level")
        if self.level is not None:
            check_level(self.level, "calibration.level")


@dataclass(frozen=True)
class GenerateSettings:
    """One run of the generator.

    Attributes:
        input: A folder with one sub-folder a class, or a manifest (``.parquet``, ``.csv``).
        output: The folder to write.
        split: The sub-folder of the input that has the class folders, as ``train``; of a manifest,
            the rows that have it in the column ``split``. None: the whole input.
        seed: 0 to 2^64 - 1.
        start: The first sample's id: samples 0 to start - 1 were written by earlier runs.
        num_samples: How many samples; None: all that remain.
        shuffle: Whether the order is a seeded permutation of the paths, or the sorted paths.
        class_mapping: Class name to integer label; None: sorted names to 0..C-1.
        first_timestamp: Of sample 0, seconds since 1970.
        delta_timestamp: Seconds between one sample and the next.
        transforms: Of every sample, applied in this order; none: clean images.
        calibration: A divergence by a profile: of those drifts that have no transforms, or where
            there are none, instead of ``transforms``.
        drift: The drifts on the timeline, layered in this order over ``transforms``.
        label_shift: Where the mix of classes changes.
        stream: Samples of the whole stream, which fractions on the timeline are of; None: all up
            to this run's last, or all of the input.
        storage_options: How buckets are reached; its values are kept as ``Secret``s, so that
            nothing of it is ever shown or written. Sub-tables ``input``, ``output``, ``weights``
            and ``profile`` (of a calibration) go before the rest for that one place.
    """

    input: str
    output: str
    split: str | None = None
    seed: int = 42
    start: int = 0
    num_samples: int | None = None
    shuffle: bool = True
    class_mapping: Mapping[str, int] | None = None
    first_timestamp: float = FIRST_TIMESTAMP
    delta_timestamp: float = 1800.0
    transforms: tuple[TransformInfo, ...] = ()
    calibration: CalibrationSettings = field(default_factory=CalibrationSettings)
    drift: tuple[Drift, ...] = ()
    label_shift: tuple[LabelShift, ...] = ()
    stream: int | None = None
    storage_options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    profile: DriftProfile = field(default_factory=DriftProfile)
    image: ImageSettings = field(default_factory=ImageSettings)
    embedding: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    write: OutputSettings = field(default_factory=OutputSettings)
    faults: FaultSettings = field(default_factory=FaultSettings)
    cluster: ClusterSettings = field(default_factory=ClusterSettings)

    def __post_init__(self) -> None:
        check_types(self, leave=("seed",))
        self._name_transforms()
        object.__setattr__(self, "seed", check_seed(self.seed))
        object.__setattr__(self, "storage_options", conceal(self.storage_options))
        for name in ("first_timestamp", "delta_timestamp"):
            value = getattr(self, name)
            require(isfinite(value), name, value, "give a finite number of seconds")
        fine = f"dates have microseconds: give {FINEST_TIME:g} or more, or 0"
        ok = self.delta_timestamp == 0 or abs(self.delta_timestamp) >= FINEST_TIME
        require(ok, "delta_timestamp", self.delta_timestamp, fine)
        for name in ("input", "output"):
            value = getattr(self, name)
            require(bool(value), name, value, "give a path")
            require(_is_text(value), name, value, "its name is not UTF-8: rename it")
        ok = self.split is None or bool(self.split.strip("/"))
        require(ok, "split", self.split, "give the name of a folder, as train")
        check_apart(self.input, self.output)
        require(self.start >= 0, "start", self.start, "give at least 0")
        ok = self.num_samples is None or self.num_samples >= 1
        require(ok, "num_samples", self.num_samples, "give at least 1")
        ok = self.stream is None or self.stream >= 1
        require(ok, "stream", self.stream, "give at least 1")
        most = _MOST_SHARD_BYTES // self.image.bytes
        size = self.write.shard_size
        ok = size is None or size <= most
        require(ok, "write.shard_size", size, f"at most {most} images of this size are 1 GiB")
        for number, drift in enumerate(self.drift, 1):
            if not drift.transforms and self.calibration.profile is None:
                raise SettingsError(
                    f"drift {number}: transforms are missing: write "
                    'transforms = ["default:0.5"], or give a calibration'
                )
        if self.class_mapping is not None:
            labels = {name: _label(name, label) for name, label in self.class_mapping.items()}
            object.__setattr__(self, "class_mapping", labels)

    def _name_transforms(self) -> None:
        """Transforms that were given themselves go by their names; the profile has their ranges."""
        infos = [*self.transforms, *(info for drift in self.drift for info in drift.transforms)]
        if all(info.own is None for info in infos):
            return
        object.__setattr__(self, "profile", self.profile.with_own(infos))
        object.__setattr__(self, "transforms", tuple(info.named for info in self.transforms))
        drifts = (
            replace(drift, transforms=tuple(info.named for info in drift.transforms))
            for drift in self.drift
        )
        object.__setattr__(self, "drift", tuple(drifts))

    def options_of(self, role: str) -> dict[str, Any]:
        """The storage options of ``input``, ``output``, ``weights`` or ``profile``."""
        given: dict[str, Any] = reveal(self.storage_options)
        common = {name: value for name, value in given.items() if name not in _PLACES}
        for name in _PLACES:
            if not isinstance(given.get(name, {}), Mapping):
                raise SettingsError(f"write storage_options.{name} as a table")
        return common | dict(given.get(role, {}))


def _is_text(path: str) -> bool:
    """Whether a path is text; one of other bytes comes with lone surrogates in their place."""
    return not any("\ud800" <= sign <= "\udfff" for sign in path)


def _label(name: str, label: object) -> int:
    """A label as a plain int, whichever integer type it is of."""
    try:
        if not isinstance(label, bool):
            return index(label)  # type: ignore[arg-type]
    except TypeError:
        pass
    raise SettingsError(f"class_mapping gives {name!r} the label {label!r}, not an integer")
