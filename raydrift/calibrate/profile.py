"""A calibration as a file: which level gives which divergence, and for what that was measured."""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import Any, Final, Self

from raydrift.calibrate.curve import Curve, CurvePoint
from raydrift.calibrate.first_levels import transforms_at
from raydrift.embed.weights import find_weights
from raydrift.errors import SettingsError, reason
from raydrift.paths import StoragePath, redacted
from raydrift.settings.generate import CalibrationSettings, GenerateSettings
from raydrift.settings.sweep import Sweep
from raydrift.transforms import SETUPS, DriftProfile, TransformInfo, check_level, split_level
from raydrift.transforms.profile import old_ranges

FORMAT: Final = 2

_FLAT_RANGES: Final = 1  # the format before, which had the ranges of all transforms in one table

_HEAD: Final = """\
# Which level of a drift gives which divergence, measured by `raydrift calibrate`. To use it:
#   raydrift generate INPUT OUTPUT --profile THIS_FILE --target DIVERGENCE
#   raydrift generate INPUT OUTPUT --profile THIS_FILE --level SHARE   (0 to 1, of the most)

"""


@dataclass(frozen=True)
class MeasuredSample:
    """The images that a curve was measured on.

    Attributes:
        images: How many. Metrics between two sets depend on it: theirs is larger for fewer images.
        rejected: Images of the sample that could not be used.
        height: That they were resized to, pixels.
        width: The width, pixels.
        input: Digest of the input's paths, classes and sizes.
        seed: That ordered and drifted them.
        start: The id of the first one.
        interval: What the curve's intervals are of, and how they came about.
        for_images: The size of another sample that ``other_low`` and ``other_high`` are for.
    """

    images: int
    rejected: int
    height: int
    width: int
    input: str
    seed: int
    start: int
    interval: str
    for_images: int | None = None


@dataclass(frozen=True)
class MeasuringNetwork:
    """The network that a curve was measured with.

    Attributes:
        weights: Their name or path.
        digest: SHA-256 of their file, or ``random-SEED``.
        normalize: Whether pixels were normalised.
        precision: ``float32`` or ``bfloat16``.
    """

    weights: str
    digest: str
    normalize: bool
    precision: str


@dataclass(frozen=True)
class CalibrationProfile:
    """Which level of some transforms gives which divergence.

    Attributes:
        metric: A name in ``metrics.METRICS``; of embeddings of images and of their drifted copies.
        transforms: Those that are swept as ``NAME``, those that stay as ``NAME:LEVEL``.
        curve: What was measured, in rising order of the levels.
        sample: On which images.
        network: With which network.
        ranges: What level 1 of each transform spans.
        versions: The versions of Python and of the packages that measured.
        code: Digests of the code of transforms that do not come with raydrift, by name.
    """

    metric: str
    transforms: tuple[str, ...]
    curve: tuple[CurvePoint, ...]
    sample: MeasuredSample
    network: MeasuringNetwork
    ranges: DriftProfile
    versions: Mapping[str, str]
    code: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @cached_property
    def sweep(self) -> Sweep:
        """The transforms, and the levels that were measured."""
        levels = tuple(point.level for point in self.curve)
        return Sweep(Sweep.parse(list(self.transforms), "1").transforms, levels)

    @cached_property
    def fit(self) -> Curve:
        """The curve through what was measured."""
        return Curve(self.curve)

    def level_for(self, target: float) -> float:
        """The level that gives a divergence, see ``Curve.level_for``."""
        try:
            return self.fit.level_for(target)
        except SettingsError as error:
            raise SettingsError(f"{self.metric} of {self.sweep}: {error}") from None

    def interval_for(self, target: float, other: bool = False) -> tuple[float, float]:
        """The levels that may well give it, see ``Curve.interval_for``.

        Args:
            target: The divergence.
            other: To another sample of ``sample.for_images`` images, instead of on average over all
                images of this kind.
        """
        return self.fit.interval_for(target, other)

    def target_of(self, share: float) -> float:
        """The divergence of a calibrated level: on the line from that at level 0 to that at 1.

        Raises:
            SettingsError: (a ``ValueError``) It is not from 0 to 1.
        """
        check_level(share, "calibrated level")
        first, last = self.curve[0].divergence, self.curve[-1].divergence
        return first + share * (last - first)

    def transforms_for(self, target: float) -> tuple[TransformInfo, ...]:
        """The transforms at the level that gives a divergence.

        Raises:
            SettingsError: (a ``ValueError``) It is out of reach; the message says what is not.
        """
        return transforms_at(self.sweep, self.level_for(target))

    def check(self, settings: GenerateSettings, weights: str | None, catalog: str) -> list[str]:
        """Whether the profile holds for a run.

        Args:
            settings: The run's settings.
            weights: The digest of its network's weights; None: it embeds nothing.
            catalog: The digest of its input.

        Returns:
            What is different but may be meant, in sentences.

        Raises:
            SettingsError: (a ``ValueError``) The divergence would be another in this run.
        """
        image, sample = settings.image, self.sample
        _same("image size", (sample.height, sample.width), (image.height, image.width))
        swept = tuple(one for one in transforms_at(self.sweep, 1.0))
        then, now = self.ranges.in_use((), swept), settings.profile.in_use((), swept)
        for name in then | now:
            for item in then.get(name, {}) | now.get(name, {}):
                _same(
                    f"profile.{name}.{item}",
                    getattr(self.ranges[name], item),
                    getattr(settings.profile[name], item),
                )
        for name, digest in settings.profile.code(swept).items():
            if self.code.get(name) != digest:
                raise SettingsError(
                    f"the code of {name} is another than when it was measured: calibrate again"
                )
        notes = []
        if weights is not None:
            network, embedding = self.network, settings.embedding
            if network.digest != weights:
                raise SettingsError(
                    f"it was measured with other weights ({network.weights}): "
                    "give those, or calibrate again"
                )
            _same("embedding.normalize", network.normalize, embedding.normalize)
            if network.precision != embedding.precision:
                notes.append(f"the calibration's embeddings were {network.precision}")
        if catalog != sample.input:
            notes.append("the calibration was made on other images")
        return notes

    def to_toml(self) -> str:
        """The profile as ``load`` reads it."""
        import tomli_w

        swept = transforms_at(self.sweep, 1.0)
        plain: dict[str, Any] = _without_none(asdict(self)) | {
            "ranges": self.ranges.in_use((), swept)
        }
        last = {"curve": plain.pop("curve")}  # it is the longest
        return _HEAD + tomli_w.dumps({"format": plain.pop("format")} | plain | last)

    def save(self, path: str | os.PathLike[str], options: Mapping[str, Any] | None = None) -> None:
        """Writes the profile, a TOML file.

        Args:
            path: A local path or a URI.
            options: How a remote one is reached (``StoragePath.of``).
        """
        StoragePath.of(path, options).write_bytes(self.to_toml().encode())

    @classmethod
    def load(cls, path: str | os.PathLike[str], options: Mapping[str, Any] | None = None) -> Self:
        """Reads a profile.

        Args:
            path: A local path or a URI.
            options: How a remote one is reached (``StoragePath.of``).

        Raises:
            SettingsError: (a ``ValueError``) It is not there, or not a profile.
        """
        return cls.parse(_read(os.fspath(path), options), redacted(os.fspath(path)))

    @classmethod
    def parse(cls, content: bytes, name: str) -> Self:
        """Reads the content of a file, which an error calls by its name."""
        from pydantic import TypeAdapter, ValidationError

        try:
            values = tomllib.loads(content.decode())
            if values.get("format") == _FLAT_RANGES:
                values |= {"format": FORMAT, "ranges": old_ranges(values["ranges"])}
            if values.get("format") != FORMAT:
                raise SettingsError(f"format is {values.get('format')}, not {FORMAT}")
            measured = [one for one in values["ranges"] if one not in SETUPS]
            _check_there(name, measured, values.get("transforms", ()))
            values["ranges"] = DriftProfile(**values["ranges"])
            profile = TypeAdapter(cls).validate_python(values)
            profile.fit, profile.sweep  # noqa: B018  (which check what they are made of)
        except _MissingError:
            raise
        except ValidationError as error:
            first = error.errors()[0]
            problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, SettingsError) as error:
            problem = str(error)
        except (KeyError, TypeError):
            problem = "ranges: they are missing, or no tables"
        else:
            return profile
        raise SettingsError(f"profile {name} is not one of raydrift calibrate ({problem})")


class _MissingError(SettingsError):
    """A profile is one, but of transforms that are not here."""


def _check_there(profile: str, *names: Iterable[object]) -> None:
    """Makes sure that the transforms that a profile names are here."""
    for written in dict.fromkeys(str(one) for some in names for one in some):
        try:
            split_level(written)
        except SettingsError as error:
            raise _MissingError(f"profile {profile} was measured with {written}: {error}") from None


def asked_for(
    profile: CalibrationProfile | str | os.PathLike[str],
    target: float | None,
    level: float | None,
) -> tuple[CalibrationSettings, CalibrationProfile | None]:
    """What is asked of a profile or of its file, and the profile if it need not be read."""
    if isinstance(profile, CalibrationProfile):
        return CalibrationSettings("in memory", target, level), profile
    if not isinstance(profile, str | os.PathLike):
        raise SettingsError(f"profile is {profile!r}: give a CalibrationProfile, or its file")
    return CalibrationSettings(os.fspath(profile), target, level), None


def calibrated(
    settings: GenerateSettings,
    catalog: str,
    weights: str | None = None,
    profile: CalibrationProfile | None = None,
) -> tuple[GenerateSettings, list[str]]:
    """The settings of a run with the transforms that its profile comes to.

    Args:
        settings: With a ``calibration.profile``. Where it makes copies, as flows do, its transforms
            are those of an augmentation: the profile's follow them.
        catalog: The digest of its input.
        weights: The digest of its network's weights, if it is known.
        profile: The profile, if it need not be read.

    Returns:
        The settings, in which they are those of the drifts that have none, or else of every sample;
        and sentences for ``run.json``: what was asked for, by which profile, and what is different
        from where it was measured.

    Raises:
        SettingsError: (a ``ValueError``) The profile cannot be read, does not hold for this run or
            does not reach so far; or there are transforms as well.
        WeightsError: The network's weights cannot be found.
    """
    asked = settings.calibration
    if settings.transforms and settings.copies is None:
        raise SettingsError("a profile brings its transforms: leave out transforms (-t)")
    path = asked.profile or ""
    name = redacted(path)
    if profile is None:
        content = _read(path, settings.options_of("profile"))
        profile = CalibrationProfile.parse(content, name)
    else:
        content = profile.to_toml().encode()
    if weights is None and settings.embedding.compute:
        options = settings.options_of("weights")
        weights = find_weights(settings.embedding.weights, settings.seed, options).digest
    try:
        notes = profile.check(settings, weights, catalog)
        target = asked.target if asked.target is not None else profile.target_of(asked.level or 0.0)
        transforms = profile.transforms_for(target)
    except SettingsError as error:
        raise SettingsError(f"profile {name}: {error}") from None
    chain, digest = ", ".join(map(str, transforms)), sha256(content).hexdigest()[:12]
    note = f"{chain} for {profile.metric} {target:g} by profile {name} (SHA-256 {digest}…)"
    drift = tuple(
        one if one.transforms or one.replace else replace(one, transforms=transforms)
        for one in settings.drift
    )
    if drift != settings.drift:
        return replace(settings, drift=drift), [note, *notes]
    return replace(settings, transforms=settings.transforms + transforms), [note, *notes]


def _without_none(value: Any) -> Any:
    """Without what is None, for which TOML has no word."""
    if isinstance(value, Mapping):
        return {name: _without_none(one) for name, one in value.items() if one is not None}
    return [_without_none(one) for one in value] if isinstance(value, list | tuple) else value


def _read(path: str, options: Mapping[str, Any] | None) -> bytes:
    try:
        return StoragePath.of(path, options).read_bytes()
    except OSError as error:
        raise SettingsError(f"profile {redacted(path)}: {redacted(reason(error))}") from None


def _same(what: str, there: object, here: object) -> None:
    if there != here:
        raise SettingsError(
            f"{what} is {here} here and was {there} when it was measured: "
            "set it as it was, or calibrate again"
        )
