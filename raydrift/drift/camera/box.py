"""The box of drifted cameras: all that ``generate`` can draw at some levels.

Who looks for the camera that harms a model most, looks here. Exposure, noise and bits are not in
it: what they do is random, or a rounding.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from raydrift.camera import Rendering
from raydrift.drift.camera.span import Span
from raydrift.drift.camera.transform import CameraTransform
from raydrift.errors import SettingsError
from raydrift.transforms import DriftProfile, TransformInfo

Part = tuple[CameraTransform, float]
"""A transform and its level."""


@dataclass(frozen=True)
class Box:
    """What some transforms of a camera draw, each at any level up to its own.

    ``generate`` with the same transforms, levels and profile draws within it, and what ``nearest``
    returns, ``generate`` can draw: with each parameter at a level of its own. Parameters are called
    as in ``provenance.parquet``, and have the same units.

    Attributes:
        parts: The transforms and their levels.

    >>> box = Box.of([TransformInfo("isp_black_level", 0.5), TransformInfo("isp_gamma", 1.0)])
    >>> box.spans
    {'black': Span(least=-0.03125, most=0.03125), 'gamma': Span(least=0.5, most=2.0)}
    >>> box.nearest({"black": 0.2, "gamma": 1.5})
    {'black': 0.03125, 'gamma': 1.5}
    >>> box.neutral()
    {'black': 0.0, 'gamma': 1.0}
    """

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, transforms: Iterable[TransformInfo], profile: DriftProfile | None = None) -> "Box":
        """The box of transforms.

        Args:
            transforms: Of cameras, with their levels.
            profile: The ranges that a level spans; None: the published ones.

        Raises:
            SettingsError: A transform is not of a camera, has nothing to search, or changes what
                another one changes already.
        """
        profile = DriftProfile() if profile is None else profile
        parts: list[Part] = []
        owners: dict[str, CameraTransform] = {}
        for info in transforms:
            transform = profile.of(info)
            if not isinstance(transform, CameraTransform):
                raise SettingsError(
                    f"{transform} is not of a camera: give transforms whose names begin with isp"
                )
            if not transform.spans(1.0):
                raise SettingsError(
                    f"{transform} has no spans, as noise and rounding have none: leave it out"
                )
            if any(transform is one for one, _ in parts):
                raise SettingsError(f"{transform} is given twice: give it once")
            for name in (*transform.spans(1.0), *transform.choices(1.0)):
                other = owners.setdefault(name, transform)
                if other is not transform:
                    raise SettingsError(
                        f"{other} and {transform} both draw {name}: give one of them"
                    )
            parts.append((transform, info.drift_level))
        if not parts:
            raise SettingsError("there are no transforms: give one whose name begins with isp")
        return cls(tuple(parts))

    @property
    def spans(self) -> dict[str, Span]:
        """Between what each parameter lies that pictures change smoothly with.

        Those of a matrix and of gains depend on each other: ``nearest`` knows how.
        """
        found: dict[str, Span] = {}
        for transform, level in self.parts:
            found |= transform.spans(level)
        return found

    @property
    def choices(self) -> dict[str, tuple[float, ...]]:
        """The values of each parameter that is one of a few: there is no climbing between them."""
        found: dict[str, tuple[float, ...]] = {}
        for transform, level in self.parts:
            found |= transform.choices(level)
        return found

    def neutral(self) -> dict[str, Any]:
        """Parameters that change nothing; choices are the first ones."""
        found: dict[str, Any] = {}
        for transform, level in self.parts:
            none = transform.spans(0.0)
            middle = {name: _middle(*span) for name, span in none.items()}
            first = {name: values[0] for name, values in transform.choices(level).items()}
            found |= {**first, **transform.nearest(0.0, **middle)}
        return found

    def drawn(self, rng: np.random.Generator) -> dict[str, Any]:
        """Parameters as ``generate`` draws them for an image at exactly these levels.

        Raises:
            ValueError: A level is below 0.
        """
        found: dict[str, Any] = {}
        for transform, level in self.parts:
            names = {**transform.spans(level), **transform.choices(level)}
            drawn = transform.draw(level, rng)
            found |= {name: drawn[name] for name in names}
        return found

    def nearest(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters in the box that are nearest to others: those of ``spans`` alone."""
        found: dict[str, Any] = {}
        for transform, level in self.parts:
            found |= transform.nearest(level, **parameters)
        return found

    def developed(self, reference: Rendering, parameters: Mapping[str, Any]) -> Rendering:
        """How a drifted camera develops.

        Args:
            reference: Of the reference camera.
            parameters: By name, those of ``spans`` and ``choices``; numbers may be tensors.
        """
        drifted = reference
        for transform, _ in self.parts:
            drifted = transform.developed(drifted, reference, **parameters)
        return drifted


def _middle(least: Any, most: Any) -> Any:
    if isinstance(least, float | int):
        return (least + most) / 2
    return [_middle(*ends) for ends in zip(least, most, strict=True)]
