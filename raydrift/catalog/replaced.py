"""Samples whose images come from another set: a drift that contaminates."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raydrift import schemas, seeds
from raydrift.catalog.catalog import Catalog, file_states
from raydrift.catalog.folders import ONE_CLASS
from raydrift.catalog.image_files import ImageFiles
from raydrift.catalog.stream import Stream, sample_order
from raydrift.errors import CatalogError
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings

_AT_ONCE: Final = 2**18
_NONE: Final = -1

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Replaced:
    """Which samples of a stream are replaced, by which images.

    Attributes:
        sets: The sets of images, by the places of their drifts; None: the drift replaces nothing.
        of_set: Int32, of each sample the place of the set; -1 where it stays.
        row: Int64, of each sample the image's row in the set.
    """

    sets: tuple[ImageFiles | None, ...]
    of_set: npt.NDArray[np.int32]
    row: Ids

    @classmethod
    def of(
        cls,
        settings: GenerateSettings,
        catalog: Catalog,
        stream: Stream,
        sets: Sequence[ImageFiles | None],
    ) -> "Replaced":
        """Which images take the places of the samples that drifts replace.

        The samples of a class that a drift replaces take the images of that class in a seeded
        order, one after the other: none comes twice before all have come. Where two drifts replace
        a sample, the later one does.

        Args:
            settings: The run's settings.
            catalog: The input.
            stream: What its settings come to on that.
            sets: The images of each drift; None: it replaces nothing.

        Raises:
            CatalogError: A set has no images of a class.
        """
        order = sample_order(settings, catalog)
        classes = catalog.table["class_index"].to_numpy()[order.rows]
        of_set = np.full(len(classes), _NONE, np.int32)
        row = np.zeros(len(classes), np.int64)
        given = {place: files for place, files in enumerate(sets) if files is not None}
        hit = np.zeros((len(given), len(classes)), np.bool_)
        for start in range(0, len(classes), _AT_ONCE):
            ids = np.arange(start, min(start + _AT_ONCE, len(classes)))
            hit[:, ids] = (stream.drift(order.rows, ids).shares[:, [*given]] > 0).T
        for (place, files), samples in zip(given.items(), hit, strict=True):
            for index in np.unique(classes[samples]).tolist():
                own = np.flatnonzero(samples & (classes == index))
                images = _images_of(files, catalog.classes[index])
                of_set[own] = place
                row[own] = _in_turn(images, len(own), settings.seed, place)
        return cls(tuple(sets), of_set, row)

    @property
    def roots(self) -> tuple[StoragePath | None, ...]:
        """The folders that the images of each drift start from."""
        return tuple(None if one is None else one.root for one in self.sets)

    def put_on(self, tasks: pa.Table) -> pa.Table:
        """The tasks of some samples (``schemas.TASK``) with what replaces their images."""
        ids = tasks["sample_id"].to_numpy()
        of_set = self.of_set[ids]
        found: list[dict[str, Any] | None] = [None] * len(ids)
        for place in np.unique(of_set[of_set >= 0]).tolist():
            files = self._set(place)
            own = np.flatnonzero(of_set == place)
            taken = files.places.take(pa.array(self.row[ids[own]])).to_pylist()
            for sample, one in zip(own.tolist(), taken, strict=True):
                found[sample] = {"set": place, **one}
        states = self.states(tasks["file_state"].to_numpy(), int(ids[0]) if len(ids) else 0)
        for name, column in (
            ("replaced", pa.array(found, schemas.REPLACED)),
            ("file_state", pa.array(states)),
        ):
            tasks = tasks.set_column(tasks.schema.get_field_index(name), name, column)
        return tasks

    def states(self, states: Ids, first: int) -> Ids:
        """The states of the files of samples in a row, with those that replace them.

        Args:
            states: Of the input's files.
            first: The first sample.
        """
        found = states.copy()
        of_set = self.of_set[first : first + len(states)]
        for place in np.unique(of_set[of_set >= 0]).tolist():
            own = np.flatnonzero(of_set == place)
            rows = self.row[first + own]
            found[own] = file_states(found[own], self._set(place).states[rows])
        return found

    def identity(self) -> dict[str, Any]:
        """What a run's bytes depend on beside its schedule; plain values."""
        digests = [None if one is None else one.digest_of(one.places) for one in self.sets]
        keys = [None if one is None else _digest(one.classes) for one in self.sets]
        return {"replaced": [digests, keys]}

    def _set(self, place: int) -> ImageFiles:
        found = self.sets[place]
        if found is None:
            raise IndexError(place)
        return found


def _images_of(files: ImageFiles, class_name: str) -> Ids:
    """The rows of the images of a class, in the order of their paths."""
    classes = files.classes.to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(classes == class_name)
    if not len(rows) and (classes == ONE_CLASS).all():
        rows = np.arange(len(classes))
    if not len(rows):
        known = ", ".join(map(repr, sorted(set(classes.tolist()))[:10]))
        raise CatalogError(
            f"drift.replace {files.root} has no images of the class {class_name!r}, only of "
            f"{known}: add some, or set where of the drift to classes that it has"
        )
    return rows


def _in_turn(images: Ids, count: int, seed: int, place: int) -> Ids:
    """So many of the images, in a seeded order; in another one each time around."""
    rounds = range(-(-count // len(images)))
    turns = [
        seeds.generator(seed, seeds.REPLACED, place, turn).permutation(images) for turn in rounds
    ]
    return np.concatenate(turns)[:count]


def _digest(classes: pa.Array) -> str:
    return sha256("\0".join(classes.to_pylist()).encode()).hexdigest()
