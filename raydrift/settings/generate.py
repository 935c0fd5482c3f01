"""One run of the generator."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from operator import index
from typing import Any, Final

from raydrift.checked import check_apart, check_masks_apart, check_types, require
from raydrift.errors import SettingsError
from raydrift.paths.secrecy import conceal, reveal
from raydrift.schedules.drift import Drift
from raydrift.schedules.label_shift import LabelShift
from raydrift.seeds import check_seed
from raydrift.settings.catalog import CatalogSettings
from raydrift.settings.cluster import ClusterSettings
from raydrift.settings.embedding import EmbeddingSettings
from raydrift.settings.image import ImageSettings
from raydrift.settings.output import FaultSettings, OutputSettings
from raydrift.settings.raw import RawSettings
from raydrift.text import is_utf8
from raydrift.transforms import DriftProfile, TransformInfo, check_level

FIRST_TIMESTAMP: Final = 1717232400.0
"""The timestamp of sample 0, in seconds since 1970 (1 June 2024, 09:00 UTC)."""

FINEST_TIME: Final = 1e-6
"""Seconds that samples are apart at least, if at all."""

# Arrow's columns of bytes end at 2 GiB, and a PNG can be larger than its pixels.
_MOST_SHARD_BYTES: Final = 2**30

_PLACES: Final = (
    "input",
    "output",
    "weights",
    "profile",
    "task",
    "model",
    "to",
    "twins",
    "replace",
)


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
        input: A folder with one sub-folder a class, or a manifest (``.parquet``, ``.csv``, or JSON
            lines as ModelArts has them: ``.manifest``, ``.jsonl``).
        output: The folder to write.
        split: The sub-folder of the input that has the class folders, as ``train``; of a manifest,
            the rows that have it in the column ``split``. None: the whole input.
        seed: 0 to 2^64 - 1.
        start: The first sample's id: samples 0 to start - 1 were written by earlier runs.
        num_samples: How many samples; None: all that remain.
        copies: How many epochs the stream has: each has all images in an order of its own, and what
            is drawn for an image depends on its row in the input and on the epoch, as in a flow.
            None: each image comes once, and draws depend on the sample's id.
        shuffle: Whether the order is a seeded permutation of the paths, or the sorted paths.
        class_mapping: Class name to integer label; None: sorted names to 0..C-1.
        first_timestamp: The time of sample 0, seconds since 1970.
        delta_timestamp: Seconds between one sample and the next.
        transforms: What every sample gets, applied in this order; none: clean images.
        calibration: A divergence by a profile: of those drifts that have no transforms, or where
            there are none, instead of ``transforms``.
        drift: The drifts on the timeline, layered in this order over ``transforms``.
        label_shift: Where the mix of classes changes.
        stream: Samples of the whole stream, which fractions on the timeline are of; None: all up
            to this run's last, or all of the input.
        raw: What the raw files are that the input has; None: it has photographs.
        masks: A folder with a mask for each image, of the same path but for the suffix; None: a
            manifest may have them in the column ``mask``, else there are none.
        twins: What the transform ``twin`` blends each image with: what ``translate`` made of the
            input, or another finished run of it; or a folder with images of the same paths, whose
            suffixes may be others. None: nothing.
        catalog: Where the classes of a folder are told, and which images are left out.
        storage_options: How buckets are reached; its values are kept as ``Secret``s, so that
            nothing of it is ever shown or written. Sub-tables ``input``, ``output``, ``weights``,
            ``profile`` (of a calibration), ``task``, ``twins``, ``model`` and ``to`` (of generative
            networks) go before the rest for that one place.
    """

    input: str
    output: str
    split: str | None = None
    seed: int = 42
    start: int = 0
    num_samples: int | None = None
    copies: int | None = None
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
    raw: RawSettings | None = None
    masks: str | None = None
    twins: str | None = None
    catalog: CatalogSettings = field(default_factory=CatalogSettings)
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
            require(is_utf8(value), name, value, "its name is not UTF-8: rename it")
        ok = self.split is None or bool(self.split.strip("/"))
        require(ok, "split", self.split, "give the name of a folder, as train")
        check_apart(self.input, self.output)
        ok = self.masks is None or bool(self.masks)
        require(ok, "masks", self.masks, "give a folder")
        if self.masks is not None:
            check_masks_apart(self.masks, self.input, self.output, self.split)
        ok = self.twins is None or bool(self.twins)
        require(ok, "twins", self.twins, "give the output of a run, or a folder")
        require(self.start >= 0, "start", self.start, "give at least 0")
        ok = self.num_samples is None or self.num_samples >= 1
        require(ok, "num_samples", self.num_samples, "give at least 1")
        ok = self.copies is None or self.copies >= 1
        require(ok, "copies", self.copies, "give at least 1")
        ok = self.stream is None or self.stream >= 1
        require(ok, "stream", self.stream, "give at least 1")
        most = _MOST_SHARD_BYTES // self.image.bytes
        size = self.write.shard_size
        ok = size is None or size <= most
        require(ok, "write.shard_size", size, f"at most {most} images of this size are 1 GiB")
        for number, drift in enumerate(self.drift, 1):
            if not (drift.transforms or drift.replace or self.calibration.profile):
                raise SettingsError(
                    f"drift {number}: transforms are missing: write "
                    'transforms = ["default:0.5"], or give a calibration'
                )
        if self.raw is not None:
            self.raw.check_transforms(self.infos)
        self._check_replaced()
        if self.transforms or self.drift:
            self.profile.check_setups(self.infos)
            self.check_twins(self.infos)
        if self.class_mapping is not None:
            labels = {name: _label(name, label) for name, label in self.class_mapping.items()}
            object.__setattr__(self, "class_mapping", labels)

    def check_twins(self, infos: Iterable[TransformInfo]) -> None:
        """Makes sure that there are twins where images are blended with theirs.

        Args:
            infos: All that is done to images.

        Raises:
            SettingsError: There are none, or the input is raw files.
        """
        if not self.profile.blends(infos):
            return
        if self.raw is not None:
            raise SettingsError(
                "twin: raw files have no twins: leave the transform out, or give developed pictures"
            )
        if self.twins is None:
            raise SettingsError(
                "twin: what is each image blended with? Give --twins PATH, or twins in a TOML "
                "file: the output of raydrift translate, or a folder with images of the same paths"
            )

    @property
    def replaces(self) -> bool:
        """Whether a drift replaces images by those of another set."""
        return any(drift.replace is not None for drift in self.drift)

    def _check_replaced(self) -> None:
        """Refuses to replace images by such that lack what belongs to these.

        Raises:
            SettingsError: They lack it.
        """
        if not self.replaces:
            return
        for what, is_there in (
            ("mosaic", self.raw is not None),
            ("twin", self.profile.blends(self.infos)),
        ):
            if is_there:
                raise SettingsError(
                    f"drift.replace: an image from elsewhere has no {what}: leave either out"
                )

    def check_keeps_images(self, what: str) -> None:
        """Refuses to replace images, where these are looked at as they are, too.

        Args:
            what: What looks at them, as ``a flow``.

        Raises:
            SettingsError: Some are to be replaced.
        """
        if self.replaces:
            raise SettingsError(
                f"drift.replace: {what} compares images with what becomes of them: only generate "
                "replaces images: leave it out"
            )

    def check_no_copies(self) -> None:
        """Refuses copies, where each image is looked at once.

        Raises:
            SettingsError: There are to be copies.
        """
        remedy = "only generate and flow make copies: leave it out"
        require(self.copies is None, "copies", self.copies, remedy)

    @property
    def infos(self) -> tuple[TransformInfo, ...]:
        """All transforms that are asked for, on a timeline or not."""
        of_drifts = (info for drift in self.drift for info in drift.transforms)
        return (*self.transforms, *of_drifts)

    def _name_transforms(self) -> None:
        """Transforms that were given themselves go by their names; the profile has their ranges."""
        if all(info.own is None for info in self.infos):
            return
        object.__setattr__(self, "profile", self.profile.with_own(self.infos))
        object.__setattr__(self, "transforms", tuple(info.named for info in self.transforms))
        drifts = (
            replace(drift, transforms=tuple(info.named for info in drift.transforms))
            for drift in self.drift
        )
        object.__setattr__(self, "drift", tuple(drifts))

    def options_of(self, role: str) -> dict[str, Any]:
        """The storage options of ``input``, ``output``, ``weights``, ``profile`` or ``task``."""
        given: dict[str, Any] = reveal(self.storage_options)
        common = {name: value for name, value in given.items() if name not in _PLACES}
        for name in _PLACES:
            if not isinstance(given.get(name, {}), Mapping):
                raise SettingsError(f"write storage_options.{name} as a table")
        return common | dict(given.get(role, {}))


def _label(name: str, label: object) -> int:
    """A label as a plain int, whichever integer type it is of."""
    try:
        if not isinstance(label, bool):
            return index(label)  # type: ignore[arg-type]
    except TypeError:
        pass
    raise SettingsError(f"class_mapping gives {name!r} the label {label!r}, not an integer")
