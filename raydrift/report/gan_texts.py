"""What a training of a generative network achieved, in plain sentences."""

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from raydrift.gan.measures import COLLAPSED
from raydrift.report.gan_curves import Curve
from raydrift.report.gan_names import (
    MEASURES,
    MeasureText,
    base_of,
    features_of,
    is_measure,
    is_translation,
)
from raydrift.report.text import number
from raydrift.text import plural

NOT_DEFINED: Final = "not defined"

_LITTLE: Final = 0.5  # of the diversity of real images
_COPIES: Final = 0.05  # the share of generated images that chance does not make
_LIMIT: Final = 0.95  # of the chance of augmentation
_LAST: Final = 10  # of a curve: its last tenth
_WON: Final = (0.01, 0.9)  # a discriminator's loss below, and its generator's above

_RIVALS: Final = (
    ("discriminator_target", "gan_to_target", "target"),
    ("discriminator_source", "gan_to_source", "source"),
)


def value_text(text: MeasureText, value: float) -> str:
    """A value without its unit, as it is shown."""
    if math.isnan(value):
        return NOT_DEFINED
    if not text.is_share:
        return number(value)
    shown = value * text.factor
    said = f"{shown:.{1 if 0 < abs(shown) < 1 else 0}f}"
    return said.replace("-", "−" if float(said) else "")


def whole_text(curve: Curve, text: MeasureText) -> str:
    """The last value with its unit and interval: ``63 % [55, 70]``."""
    said = value_text(text, curve.last)
    if math.isnan(curve.last):
        return said
    if text.unit:
        said += f" {text.unit}"
    if curve.interval is not None:
        said += " [{}, {}]".format(*(value_text(text, end) for end in curve.interval))
    return said


def gan_sentences(curves: Mapping[str, Curve], network: str) -> list[str]:
    """The result, the most important first.

    Args:
        curves: By name.
        network: What the network that looked at the images is called.
    """
    measures: dict[str, tuple[str, Curve]] = {}
    for name, curve in curves.items():
        if is_measure(name):
            measures.setdefault(base_of(name), (name, curve))
    if not measures:
        return [
            "How good the images are was not measured: that is done at saves, and needs at least "
            "two images that the training does not see (train.held_out)."
        ]
    found = []
    for base, what in (("gap_closed", "to the target"), ("back_gap_closed", "back to the source")):
        gaps = [
            (name, curve)
            for name, curve in curves.items()
            if is_measure(name) and base_of(name) == base
        ]
        gaps.sort(key=lambda gap: math.isnan(gap[1].last))  # what is known comes first
        found += [_gap_sentence(curve, what, features_of(name, network)) for name, curve in gaps]
    found.append(_distance_sentence(measures, network))
    if "cycle_error" in measures:
        error = measures["cycle_error"][1]
        found.append(
            f"After the translation there and back a pixel is off by {number(error.last)} of 255 "
            "grey levels on average."
        )
    if "diversity" in measures and not math.isnan(measures["diversity"][1].last):
        varied = value_text(MEASURES["diversity"], measures["diversity"][1].last)
        found.append(
            f"Generated images lie {varied} % as far from each other as real ones"
            f"{_copies_clause(measures)}."
        )
    return [sentence for sentence in found if sentence]


def gan_warnings(curves: Mapping[str, Curve], restarts: int = 0) -> list[str]:
    """What went wrong, or looks as if it did, with a remedy.

    Args:
        curves: By name.
        restarts: How often the training went back to a save since losses were not finite.
    """
    measures = {base_of(name): one for name, one in curves.items() if is_measure(name)}
    return [
        *_restarts(restarts),
        *_not_finite(curves),
        *_alike(measures),
        *_copied(measures),
        *_unequal(curves),
    ]


def _gap_sentence(curve: Curve, what: str, features: str) -> str:
    if math.isnan(curve.last):
        return (
            f"How much of the gap the translation {what} closes is not defined: by {features}, "
            "held-out images of the two domains cannot be told apart."
        )
    text = MEASURES["gap_closed"]
    value = f"{value_text(text, curve.last)} %"
    low, high = curve.interval or (curve.last, curve.last)
    between = f"95 % interval {value_text(text, low)} to {value_text(text, high)} %"
    if high < 0:
        return (
            f"The translation {what} goes the wrong way: its images are further from it than the "
            f"originals were (gap closed {value}, {between}, by {features})."
        )
    if low <= 0:
        return (
            f"The translation {what} does not surely go anywhere: it closes {value} of the gap "
            f"({between}, by {features})."
        )
    return f"The translation {what} closes {value} of the gap ({between}, by {features})."


def _distance_sentence(measures: Mapping[str, tuple[str, Curve]], network: str) -> str:
    """The Fréchet distance, and what to compare it with."""
    if "frechet_distance" not in measures:
        return ""
    name, curve = measures["frechet_distance"]
    there = curve.values[np.isfinite(curve.values)]
    if not len(there):
        return ""
    said = f"The Fréchet distance to held-out images ({features_of(name, network)}) "
    first, last = float(there[0]), float(there[-1])
    said += f"is {number(last)}"
    if len(there) > 1:
        said += f", at the first save it was {number(first)}"
        best = int(np.nanargmin(curve.values))
        if curve.values[best] < 0.95 * last:
            said += (
                f", at its best {number(float(curve.values[best]))} (step {curve.steps[best]:,})"
            )
    said += "."
    compared = []
    if "frechet_start" in measures:
        compared.append(f"the source as it is has {number(measures['frechet_start'][1].last)}")
    if "frechet_real" in measures:
        real = number(measures["frechet_real"][1].last)
        compared.append(f"as many training images have {real}, the least to hope for")
    if compared:
        sentence = ", ".join(compared)
        said += f" To compare: {sentence}."
    return said


def _copies_clause(measures: Mapping[str, tuple[str, Curve]]) -> str:
    if "memorisation" not in measures:
        return ""
    value = value_text(MEASURES["memorisation"], measures["memorisation"][1].last)
    return f"; {value} % of them are closer to a training image than 99 of 100 held-out ones are"


def _restarts(restarts: int) -> list[str]:
    if not restarts:
        return []
    often = "once" if restarts == 1 else plural(restarts, "time")
    return [
        f"Losses were not finite {often}: the training went back to its last "
        "save and on with half the learning rates. A lower rate from the start avoids that."
    ]


def _not_finite(curves: Mapping[str, Curve]) -> list[str]:
    names = [
        name
        for name, one in curves.items()
        if not is_measure(name) and not np.isfinite(one.values).all()
    ]
    if not names:
        return []
    return [
        f"There are steps at which these were not finite: {', '.join(names)}. The lines have gaps "
        "there."
    ]


def _alike(measures: Mapping[str, Curve]) -> list[str]:
    if "diversity" not in measures or not measures["diversity"].last < _LITTLE:
        return []
    value = value_text(MEASURES["diversity"], measures["diversity"].last)
    if measures["diversity"].last < COLLAPSED:
        return [
            f"The training has collapsed: generated images are nearly all alike ({value} % of the "
            "diversity of real ones). Take an earlier save, and train with more images, a lower "
            "rate or a larger batch."
        ]
    return [f"Generated images vary little: {value} % of the diversity of real ones."]


def _copied(measures: Mapping[str, Curve]) -> list[str]:
    curve = measures.get("memorisation")
    if curve is None or curve.interval is None or not curve.interval[0] > _COPIES:
        return []
    value = value_text(MEASURES["memorisation"], curve.last)
    return [
        f"{value} % of the generated images are close to copies of training images. More images, "
        "or a shorter training, make fewer."
    ]


def _unequal(curves: Mapping[str, Curve]) -> list[str]:
    """Discriminators that have won, and augmentation that cannot rise any more."""
    found = []
    if is_translation(curves):
        for rival, generator, domain in _RIVALS:
            if rival in curves and generator in curves:
                lost, kept = _end(curves[rival]), _end(curves[generator])
                if lost < _WON[0] and kept > _WON[1]:
                    found.append(
                        f"The discriminator of the {domain} has won: its generator learns nothing "
                        "from it any more. A lower discriminator rate gives it a chance."
                    )
    elif "augment" in curves and _end(curves["augment"]) > _LIMIT:
        found.append(
            "The chance of augmentation is at its limit: the discriminator knows its few images by "
            "heart. More images help most."
        )
    return found


def _end(curve: Curve) -> float:
    """The mean of a curve's last tenth; NaN where nothing is finite."""
    values = curve.values[-max(1, len(curve.values) // _LAST) :]
    there = values[np.isfinite(values)]
    return float(there.mean()) if len(there) else math.nan
