"""Measures of a generative network in training, on images that it has not seen."""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, TypeVar

import numpy as np
from torch import nn

from raydrift.gan.cyclegan.translating import translate_pixels
from raydrift.gan.measures import (
    NETWORK,
    PIXELS,
    Measure,
    Pixels,
    block_means,
    cycle_error,
    diversity,
    gap_closed,
    kernel_measure,
    memorisation,
)
from raydrift.metrics import frechet_distance
from raydrift.metrics.samples import Rows

Embed = Callable[[Pixels], Rows]
"""A network's embeddings of RGB images: uint8 (n, h, w, 3) to float (n, d)."""

MOST_IMAGES: Final = 500
"""Of a held-out set, and generated."""

LEAST_GENERATED: Final = 100

Set = TypeVar("Set", Pixels, Rows)

_AT_ONCE: Final = 64  # images
_REMEMBERED: Final = 8  # sets of images


class RememberedEmbedding:
    """A network that is asked only once about the same set of images, some at a time.

    Held-out and training images are measured at every save: make one for the whole training.

    Args:
        embed: The network.
    """

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._known: OrderedDict[bytes, Rows] = OrderedDict()

    def __call__(self, pixels: Pixels) -> Rows:
        """The embeddings of a set, uint8 (n, h, w, 1 or 3)."""
        digest = blake2b(repr(pixels.shape).encode())
        for image in pixels:
            digest.update(image.tobytes())
        key = digest.digest()
        if key not in self._known:
            self._known[key] = _some_at_a_time(lambda some: self._embed(_rgb(some)), pixels)
        self._known.move_to_end(key)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return self._known[key]


def translation_measures(
    to_target: nn.Module,
    to_source: nn.Module,
    held_out_source: Pixels,
    held_out_target: Pixels,
    training_target: Pixels,
    embed: Embed | None,
    seed: int,
) -> list[Measure]:
    """Measures two generators that translate between domains.

    Of each held-out set at most 500 images are used, evenly spaced.

    Args:
        to_target: The generator from the source to the target, see ``translate_pixels``.
        to_source: The one back.
        held_out_source: Images of the source that were not trained on, uint8 (n, h, w, c).
        held_out_target: Of the target.
        training_target: Those of the target that were trained on.
        embed: The network that looks at the images; None: the means of 8 × 8 parts of them.
        seed: The seed of the intervals' resamples.

    Returns:
        By name, ``…`` being ``network`` or ``pixels``: ``gap_closed_…`` (with a network of both, as
        it may not see what the domains differ in), ``back_gap_closed_…``,
        ``frechet_distance_…``, that of the source as it is (``frechet_start_…``) and that of as
        many training images (``frechet_real_…``), ``kernel_distance_…``, ``diversity_…``,
        ``memorisation_…``, and ``cycle_error``. Those that need more images than there are, are
        left out: with fewer than 2 held-out ones of either domain all.
    """
    source, target = (_spread(one, MOST_IMAGES) for one in (held_out_source, held_out_target))
    if min(len(source), len(target)) < 2:
        return []
    translated = translate_pixels(to_target, source)
    back = translate_pixels(to_source, target)
    looks, features = _looking(embed)
    of_source, of_target = looks(source), looks(target)
    of_translated = looks(translated)
    found = [gap_closed(f"gap_closed_{features}", of_translated, of_source, of_target, seed)]
    if features == NETWORK:
        means = [block_means(one) for one in (translated, source, target)]
        found.append(gap_closed(f"gap_closed_{PIXELS}", means[0], means[1], means[2], seed))
    found += [
        gap_closed(f"back_gap_closed_{features}", looks(back), of_target, of_source, seed),
        Measure(f"frechet_start_{features}", frechet_distance(of_source, of_target)),
    ]
    found += _against_real(of_translated, of_target, training_target, looks, features, seed)
    there_and_back = translate_pixels(to_source, translated)
    return [*found, cycle_error("cycle_error", source, there_and_back, seed)]


def synthesis_measures(
    generate: Callable[[int], Pixels],
    held_out: Pixels,
    training: Pixels,
    embed: Embed | None,
    seed: int,
) -> list[Measure]:
    """Measures a generator of new images.

    Of the held-out set at most 500 images are used, evenly spaced; as many are generated, but at
    least 100.

    Args:
        generate: Makes so many images, uint8 (n, h, w, c), the same at every save.
        held_out: Images that were not trained on, uint8 (n, h, w, c).
        training: Those that were.
        embed: The network that looks at the images; None: the means of 8 × 8 parts of them.
        seed: The seed of the intervals' resamples.

    Returns:
        By name, ``…`` being ``network`` or ``pixels``: ``frechet_distance_…``, that of as many
        training images (``frechet_real_…``), ``kernel_distance_…``, ``diversity_…``,
        ``memorisation_…``. Those that need more images than there are, are left out: with fewer
        than 2 held-out ones all.
    """
    real = _spread(held_out, MOST_IMAGES)
    if len(real) < 2:
        return []
    looks, features = _looking(embed)
    generated = looks(generate(max(len(real), LEAST_GENERATED)))
    return _against_real(generated, looks(real), training, looks, features, seed)


def _against_real(
    generated: Rows, real: Rows, training: Pixels, looks: Embed, features: str, seed: int
) -> list[Measure]:
    """What is measured of all generated images: given are features, and the training images."""
    found = [
        Measure(f"frechet_distance_{features}", frechet_distance(generated, real)),
        kernel_measure(f"kernel_distance_{features}", generated, real, seed),
        diversity(f"diversity_{features}", generated, real, seed),
    ]
    if not len(training):
        return found
    trained = looks(training)
    if len(trained) >= len(generated):
        floor = frechet_distance(_spread(trained, len(generated)), real)
        found.append(Measure(f"frechet_real_{features}", floor))
    return [*found, memorisation(f"memorisation_{features}", generated, real, trained)]


def _looking(embed: Embed | None) -> tuple[Embed, str]:
    """What looks at images of any number of channels, and what it is called."""
    if embed is None:
        return lambda pixels: _some_at_a_time(block_means, pixels), PIXELS
    if isinstance(embed, RememberedEmbedding):
        return embed, NETWORK
    return RememberedEmbedding(embed), NETWORK


def _some_at_a_time(looks: Embed, pixels: Pixels) -> Rows:
    starts = range(0, len(pixels), _AT_ONCE)
    return np.concatenate([looks(pixels[start : start + _AT_ONCE]) for start in starts])


def _rgb(pixels: Pixels) -> Pixels:
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels


def _spread(rows: Set, most: int) -> Set:
    """At most so many of some images, evenly spaced: they may be in an order of their names."""
    if len(rows) <= most:
        return rows
    return rows[np.arange(most) * len(rows) // most]
