"""What there is to learn from some images, and to measure; what cannot be is refused."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from raydrift.catalog import Catalog
from raydrift.catalog.stream import sample_order
from raydrift.errors import SettingsError, suggest
from raydrift.metrics import METRICS
from raydrift.report.matrix import ViewMeasures
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.matrix import NONE
from raydrift.tasks.splits import Whole, check_splits
from raydrift.text import plural

_DIMENSIONS = 8  # of what a metric is tried on


@dataclass(frozen=True)
class Learnable:
    """The samples as a probe sees them.

    Attributes:
        files: The number of each sample's file, in the order of the paths.
        labels: The number of each sample's class.
        names: What each class is called.
        masks: Whether masks are learned, whatever the classes are.
    """

    files: Whole
    labels: Whole
    names: tuple[str, ...]
    masks: bool = False

    @property
    def count(self) -> int:
        """How many files there are."""
        return int(self.files.max(initial=-1)) + 1

    @property
    def can_be(self) -> bool:
        """Whether there is anything to tell apart."""
        return self.masks or len(self.names) > 1

    @property
    def note(self) -> str:
        """Why there is not."""
        return f"all images are of the class {self.names[0]!r}, so there is nothing to learn"

    def check(self, splits: int, train_size: float = 0.8) -> None:
        """Makes sure that the files can be split, see ``check_splits``.

        Raises:
            SettingsError: They cannot; or a network would learn masks from one file.
        """
        check_splits(self.files, self.labels, self.names, splits)
        learned = min(round(train_size * self.count), self.count - 1)
        if self.masks and learned < 2:
            raise SettingsError(
                f"the images are of {plural(self.count, 'file')}, of which train_size {train_size} "
                f"leaves {max(learned, 1)} to learn from: give more files, or a larger train_size"
            )


def learnable(
    paths: Sequence[str], labels: Sequence[int], names: Sequence[str], masks: bool = False
) -> Learnable:
    """What there is to learn from samples.

    Args:
        paths: Of the file of each.
        labels: Of each; classes of one label are one class.
        names: The class name of each.
        masks: Whether masks are learned; the classes do not matter then.
    """
    _, files = np.unique(np.array(paths, object), return_inverse=True)
    if masks:
        return Learnable(files, np.zeros(len(paths), np.int64), ("images",), masks=True)
    found, numbers = np.unique(np.array(labels, np.int64), return_inverse=True)
    called: list[set[str]] = [set() for _ in found]
    for number, name in zip(numbers.tolist(), names, strict=True):
        called[number].add(name)
    return Learnable(files, numbers, tuple("+".join(sorted(one)) for one in called))


def learnable_input(run: GenerateSettings, catalog: Catalog, masks: bool) -> Learnable:
    """What there is to learn from the samples of a run, before any of them is read.

    Args:
        run: The settings, ``num_samples`` resolved.
        catalog: The input.
        masks: Whether masks are learned.

    Raises:
        SettingsError: ``catalog.source`` finds nothing.
    """
    samples = run.num_samples or len(catalog)
    rows = sample_order(run, catalog).rows[run.start : run.start + samples]
    used = catalog.table.take(rows)
    names = [catalog.classes[index] for index in used["class_index"].to_pylist()]
    labels = [catalog.labels[name] for name in names]
    return learnable(run.catalog.sources(used["path"].to_pylist()), labels, names, masks)


def learnable_batches(
    run: GenerateSettings, batches: Sequence[ViewMeasures], masks: bool
) -> Learnable:
    """What there is to learn from the usable samples of batches, in order.

    Args:
        run: The settings.
        batches: The samples.
        masks: Whether masks are learned.

    Raises:
        SettingsError: ``catalog.source`` finds nothing.
    """
    return learnable(
        run.catalog.sources(path for batch in batches for path in batch.paths),
        [label for batch in batches for label in batch.labels],
        [name for batch in batches for name in batch.class_names],
        masks,
    )


def check_metric(name: str, images: int | None = None) -> None:
    """Makes sure that there is such a metric, and that a batch is large enough for it.

    Args:
        name: A name in ``metrics.METRICS``, or ``none``.
        images: Of a full batch; None: it is not looked at.

    Raises:
        SettingsError: There is none, or it needs more images.
    """
    if name == NONE:
        return
    if name not in METRICS:
        raise SettingsError(f"unknown divergence {name!r}: {suggest(name, [*METRICS, NONE])}")
    if images is None:
        return
    one, other = np.random.default_rng(0).normal(size=(2, images, _DIMENSIONS))
    try:
        METRICS[name].measure(one, other)
    except ValueError as error:
        raise SettingsError(
            f"divergence {name} cannot be measured on batches of {images}: {error}: give more "
            "images, a larger --batch-size, or another --divergence"
        ) from None
