"""The search for the camera that harms a model most."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final

from raydrift.checked import at_least, check_types, require
from raydrift.errors import SettingsError, suggest
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.levels import parse_levels
from raydrift.settings.mlflow import MlflowSettings
from raydrift.settings.sweep import LEVELS
from raydrift.settings.task import TaskSettings
from raydrift.transforms import DriftProfile, TransformInfo, check_level

ALL: Final = "all"
"""The part that is all transforms of a camera together."""

PENALTIES: Final = ("none", "l2", "ssim")

_MOST_LEVELS: Final = 101


@dataclass(frozen=True)
class SearchSettings:
    """How the camera that harms a model most is searched for.

    Attributes:
        parts: What may be wrong with the camera: names of transforms of cameras, and ``all`` for
            all of them together; none: ``all``, and each.
        steps: How often a search moves uphill.
        restarts: How many climbs there are for each part and level: the first from the camera
            without drift, the others from drawn ones. The first, third and so on go up the mean
            probability of what is wrong, the others, and all with a penalty, up the loss.
        batch_size: Images that each step looks at.
        step: How far the first step goes, of what the level spans; later ones go less far.
        penalty: What is taken off the loss that is climbed: ``none``, ``l2``, the mean squared
            difference to the pictures of the reference camera, or ``ssim``, 1 less their structural
            similarity.
        penalty_weight: By how much that is multiplied.
        compat: As published: the sum of the squares, and the similarity itself.
    """

    parts: tuple[str, ...] = ()
    steps: int = 20
    restarts: int = 3
    batch_size: int = 16
    step: float = 0.25
    penalty: str = "none"
    penalty_weight: float = 0.1
    compat: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", _names(self.parts))
        check_types(self, "forensics.", leave=("parts",))
        for name in ("steps", "restarts", "batch_size"):
            at_least(1, f"forensics.{name}", getattr(self, name))
        wanted = "give a number above 0, up to 1"
        require(0 < self.step <= 1, "forensics.step", self.step, wanted)
        if self.penalty not in PENALTIES:
            remedy = suggest(self.penalty, PENALTIES)
            raise SettingsError(f"forensics.penalty is {self.penalty!r}: {remedy}")
        ok = 0 <= self.penalty_weight < float("inf")
        wanted = "give a number of at least 0"
        require(ok, "forensics.penalty_weight", self.penalty_weight, wanted)

    @property
    def has_penalty(self) -> bool:
        """Whether anything is taken off the loss."""
        return self.penalty != "none" and self.penalty_weight > 0


@dataclass(frozen=True)
class ForensicsSettings:
    """One search for the cameras that harm a model most.

    Attributes:
        run: The images and the workers, as for a run that writes.
        task: The user's model.
        search: The parts of the camera, and how they are searched.
        levels: How far from the reference a camera may be, rising, above 0 to 1.
        mlflow: Where what was found is tracked; None: nowhere.

    Raises:
        SettingsError: (a ``ValueError``) A part cannot be searched, comes twice, or drift is asked
            for beside it; there are no levels or too many.
    """

    run: GenerateSettings
    task: TaskSettings
    search: SearchSettings = field(default_factory=SearchSettings)
    levels: tuple[float, ...] = parse_levels(LEVELS)
    mlflow: MlflowSettings | None = None

    def __post_init__(self) -> None:
        self.run.check_no_copies()
        run = self.run
        asked = {
            "transforms": run.transforms,
            "drift": run.drift,
            "calibration": run.calibration.profile,
        }
        for name, given in asked.items():
            if given:
                raise SettingsError(
                    f"{name}: forensics searches cameras for the images as they are: leave it out"
                )
        setup = run.profile.setup("camera")
        if setup.fixed:
            raise SettingsError("camera.fixed: forensics searches for these: leave it out")
        if not 1 <= len(self.levels) <= _MOST_LEVELS:
            raise SettingsError(f"{len(self.levels)} levels: give 1 to {_MOST_LEVELS}")
        for level in self.levels:
            check_level(level, "levels")
            require(level > 0, "levels", level, "at level 0 there is one camera alone: give more")
        for part in self.parts:
            self.infos(part, 1.0)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts, ``all`` first where nothing else is said."""
        return self.search.parts or (ALL, *self.members(ALL))

    def members(self, part: str) -> tuple[str, ...]:
        """The transforms of a part, by name; ``all`` is those that its input can have."""
        if part != ALL:
            return (part,)
        searched: Any = import_module("raydrift.drift.camera.searched")
        half = self.run.raw is not None and self.run.raw.read == "half"
        names = map(str, searched.searched_transforms())
        return tuple(name for name in names if not (half and name == "isp_demosaic"))

    def infos(self, part: str, level: float) -> tuple[TransformInfo, ...]:
        """What ``generate`` does with a part at a level.

        Raises:
            SettingsError: It cannot be searched.
        """
        infos = tuple(_info(name, level, self.run.profile) for name in self.members(part))
        if self.run.raw is not None:
            self.run.raw.check_transforms(infos)
        return infos


def _names(given: object) -> tuple[str, ...]:
    """Parts as a list or with commas between."""
    listed = given.split(",") if isinstance(given, str) else given
    if not isinstance(listed, Iterable) or not all(isinstance(one, str) for one in listed):
        raise SettingsError(
            f'forensics.parts is {given!r}: write a list, ["all", "isp_black_level"]'
        )
    names = tuple(str(one).strip() for one in listed)
    names = tuple(part for one in names for part in one.split(",") if part)
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"forensics.parts: {name} comes twice: give it once")
    return names


def _info(name: str, level: float, profile: DriftProfile) -> TransformInfo:
    try:
        info = TransformInfo(name, level)
        transform: Any = profile.of(info)
    except SettingsError as error:
        raise SettingsError(f"forensics.parts: {error}") from None
    if transform.family != "camera":
        raise SettingsError(
            f"forensics.parts: {transform} is not of a camera: give all, or names that begin "
            "with isp_"
        )
    if why := _WHY_NOT.get(str(transform)):
        raise SettingsError(f"forensics.parts: {transform} {why}")
    if not transform.spans(1.0):
        raise SettingsError(
            f"forensics.parts: {transform} has no spans to search: leave it out, or define spans()"
        )
    return info


_RANDOM: Final = (
    "is random, another one for each pixel, so there is no camera to find: leave it out"
)
_WHY_NOT: Final = {
    "isp": "draws noise and light too, which are random: give all, which is the rest of it",
    "isp_noise": _RANDOM,
    "isp_exposure": _RANDOM,
    "isp_bits": "rounds, which has no slope to climb: measure it with raydrift evaluate",
}
