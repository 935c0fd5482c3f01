"""What the numbers of a training are called where people read them, and what is good."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from raydrift.gan.measures import BLOCKS, NETWORK, PIXELS
from raydrift.report.text import shortened

BLOCK_MEANS: Final = f"{BLOCKS} × {BLOCKS} block means"

_LONGEST: Final = 28  # letters of a network's name
_NETWORK: Final = f"_{NETWORK}"
_PIXELS: Final = f"_{PIXELS}"


@dataclass(frozen=True)
class MeasureText:
    """How a measure of generated images is written.

    Attributes:
        title: Its name.
        good: What is good.
        note: What it says.
        unit: After a value.
        factor: That values are shown with.
    """

    title: str
    good: str
    note: str
    unit: str = ""
    factor: float = 1.0

    @property
    def is_share(self) -> bool:
        """Whether it is shown in per cent."""
        return self.unit == "%"


MEASURES: Final[Mapping[str, MeasureText]] = MappingProxyType(
    {
        "gap_closed": MeasureText(
            "Gap closed",
            "higher is better",
            "How much of the distance from the source to the target the translation takes away: "
            "100 % where translated images cannot be told from the target, 0 % where nothing was "
            "gained, below 0 % where they are further away. By the kernel distance, which has no "
            "bias in few images.",
            "%",
            100,
        ),
        "back_gap_closed": MeasureText(
            "Gap closed, target to source",
            "higher is better",
            "The same of the translation back, from the target to the source.",
            "%",
            100,
        ),
        "frechet_distance": MeasureText(
            "Fréchet distance",
            "lower is better",
            "Between generated and held-out real images, by the formula of the FID. It is above 0 "
            "even between real images, the more so the fewer there are: compare it with that of "
            "training images.",
        ),
        "kernel_distance": MeasureText(
            "Kernel distance",
            "lower is better",
            "Between generated and held-out real images, by the formula of the KID: about 0 where "
            "they cannot be told apart, and below 0 by chance.",
        ),
        "cycle_error": MeasureText(
            "Cycle error",
            "lower is better",
            "How far a pixel is from itself after the translation there and back, on average.",
            "of 255 grey levels",
        ),
        "diversity": MeasureText(
            "Diversity",
            "about 100 % is best",
            "How far generated images are from each other, against real ones: far below 100 % they "
            "are alike, and below 5 % the training has collapsed.",
            "%",
            100,
        ),
        "memorisation": MeasureText(
            "Copies of training images",
            "lower is better",
            "The share of generated images that are closer to a training image than 99 of 100 "
            "held-out real ones: a few per cent are chance, many are copies.",
            "%",
            100,
        ),
    }
)
"""By the names of ``gan.measuring``, without what they end in."""

REFERENCES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "frechet_start": ("frechet_distance", "source as it is"),
        "frechet_real": ("frechet_distance", "training images"),
    }
)
"""Distances to compare another one with: which, and what they are of."""


@dataclass(frozen=True)
class Panel:
    """Curves that are drawn together.

    Attributes:
        title: What they are.
        names: The curves, those that there may be.
        expected: What they should look like.
        log: Whether the axis is logarithmic at first.
        smooth: Whether running means are drawn.
    """

    title: str
    names: tuple[str, ...]
    expected: str
    log: bool = False
    smooth: bool = True


CYCLEGAN_PANELS: Final = (
    Panel(
        "Generators against discriminators",
        ("gan_to_target", "gan_to_source", "discriminator_target", "discriminator_source"),
        "These settle and jitter to the end: each generator and its discriminator hold the "
        "balance. All are 0.25 where a discriminator cannot tell real from translated. One that "
        "falls to 0 while its generator's loss rises to 1 has won, and teaches nothing any more.",
    ),
    Panel(
        "What a translation must keep",
        ("generator", "cycle", "identity"),
        "The cycle and the identity loss fall quickly at first, then slowly, and level off. A jump "
        "upwards that stays is a training that broke.",
    ),
)
STYLEGAN_PANELS: Final = (
    Panel(
        "Generator against discriminator",
        ("generator", "discriminator"),
        "These settle and jitter to the end. A discriminator that cannot tell real from generated "
        "is at 1.39, and the generator at 0.69. A generator's loss that goes on rising while the "
        "discriminator's falls to 0 is a discriminator that has learned its images by heart.",
    ),
    Panel(
        "Penalties",
        ("r1", "path"),
        "High and uneven at first, then of one order of magnitude. R1 that grows without end is a "
        "discriminator that gets too steep: a larger gamma helps.",
        log=True,
    ),
    Panel(
        "Scores of the discriminator",
        ("real_score", "fake_score"),
        "Real images are above generated ones, by a distance that levels off. One that goes on "
        "growing is a discriminator that has won.",
    ),
    Panel(
        "Adaptive augmentation",
        ("augment", "sign"),
        "The chance of augmentation stays near 0 while the discriminator is right about new images "
        "too, and rises as it learns its images by heart, which keeps the sign of its scores at "
        "the target (0.6). A chance that goes to 1 tells of too few images.",
    ),
)
RATES: Final = Panel(
    "Learning rates",
    ("rate", "generator_rate", "discriminator_rate"),
    "As the settings say, halved each time that losses were not finite.",
    smooth=False,
)
SPEED: Final = Panel(
    "Images a second",
    ("images_per_second",),
    "Level, but for saves and measures, and for other work on the machine.",
)
_OTHERS: Final = "Other numbers"

_TITLES: Final = {
    "gan_to_target": "generator, to target",
    "gan_to_source": "generator, to source",
    "discriminator_target": "discriminator of target",
    "discriminator_source": "discriminator of source",
    "r1": "R1",
    "path": "path length",
    "augment": "chance of augmentation",
    "real_score": "real images",
    "fake_score": "generated images",
    "sign": "sign of real scores",
    "images_per_second": "images a second",
}


def curve_title(name: str, is_translation: bool) -> str:
    """A curve's name in a legend."""
    if name == "generator" and is_translation:
        return "all of the generators"
    return _TITLES.get(name, name.replace("_", " "))


def is_translation(names: Iterable[str]) -> bool:
    """Whether curves are those of a CycleGAN."""
    return "cycle" in set(names)


def panels_of(names: Iterable[str]) -> list[Panel]:
    """The panels of a training, each with the curves that there are; none is left out."""
    there = [name for name in names if not is_measure(name)]
    kinds = CYCLEGAN_PANELS if is_translation(there) else STYLEGAN_PANELS
    found, placed = [], set[str]()
    for panel in (*kinds, RATES, SPEED):
        inside = tuple(name for name in panel.names if name in there)
        placed |= set(inside)
        if inside:
            found.append(replace(panel, names=inside))
    if others := tuple(name for name in there if name not in placed):
        found.append(Panel(_OTHERS, others, ""))
    return found


def base_of(name: str) -> str:
    """A measure's name without what its features are."""
    return name.removesuffix(_NETWORK).removesuffix(_PIXELS)


def is_measure(name: str) -> bool:
    """Whether a curve is a measure of generated images."""
    return name.endswith((_NETWORK, _PIXELS)) or name in MEASURES


def shown_measures(names: Iterable[str]) -> list[str]:
    """The measures among some curves that are shown, in the order of ``MEASURES``."""
    order = list(MEASURES)
    shown = [name for name in names if is_measure(name) and base_of(name) in MEASURES]
    return sorted(shown, key=lambda name: order.index(base_of(name)))


def measure_title(name: str, network: str) -> str:
    """A measure's name, with the features that it is of.

    Args:
        name: As ``gan.measuring`` has it; one of ``MEASURES``.
        network: What the network that looked at the images is called.
    """
    title = MEASURES[base_of(name)].title
    if base_of(name) == name:
        return title
    return f"{title} ({features_of(name, network)})"


def features_of(name: str, network: str) -> str:
    """What looked at the images: the network, or the means of their parts."""
    return shortened(network, _LONGEST) if name.endswith(_NETWORK) else BLOCK_MEANS
