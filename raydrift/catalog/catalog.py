"""What there is to sample from, and in which order.

The input is listed once, sorted by path, and a seeded permutation of it says which image is sample
0, 1, 2, …: the same files in any listing order give the same samples.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import fs

from raydrift import schemas, seeds
from raydrift.catalog.folders import list_folders
from raydrift.catalog.labels import read_labels, with_labels
from raydrift.catalog.listing import Listing
from raydrift.catalog.manifest import read_manifest
from raydrift.catalog.selected import without_excluded, without_small_classes
from raydrift.catalog.splits import split_folder
from raydrift.errors import CatalogError, reason
from raydrift.paths import StoragePath, redacted
from raydrift.schedules.where import Masks, among
from raydrift.settings.catalog import UNLABELLED, CatalogSettings
from raydrift.settings.raw import RawSettings

TILE: Final = ("row", "column")
"""Columns of a table of tiles: where in its file each begins."""

MASK: Final = "mask"
"""Column of a table of images with masks: the path of each one's mask, null where it has none."""

MASK_STATE: Final = "mask_state"
"""Column beside it: the state of the mask's file, 0 where there is none."""

TWIN: Final = "twin"
"""Column of a table of images with twins: where each one's is (``image_files.PLACE``), or null."""

TWIN_STATE: Final = "twin_state"
"""Column beside it: the state of the twin's file, 0 where there is none, or where it is a run's."""

DRAW_ID: Final = "draw_id"
"""Column of a table of a part of an input: each image's row in the whole."""

_HASH_ROWS: Final = 100_000
_SPREAD: Final = np.int64(0x1E3779B97F4A7C15)  # odd: all times stay apart
UNKNOWN_STATE: Final = int(-1 - _SPREAD)
"""The state of a file of which neither size nor time is known."""


@dataclass(frozen=True)
class Twins:
    """What images are blended with.

    Attributes:
        root: The folder that their places start from.
        digest: What all of them are.
    """

    root: StoragePath
    digest: str


@dataclass(frozen=True)
class Catalog:
    """Every image of the input.

    Attributes:
        root: The folder that paths start from.
        table: ``path`` large_string, ``class_index`` int32, ``size`` int64 (bytes; -1 where it is
            not known) and ``modified`` int64 (ns since 1970; likewise), sorted by path. Where a
            file is cut into several images (``catalog.tiles``), also ``row`` and ``column``, int32:
            where each begins, null where that is not known. Where images have masks
            (``catalog.masks``), also ``mask``, large_string, and ``mask_state``, int64; where they
            have twins (``catalog.twins``), ``twin`` and ``twin_state``. Of a part of an input also
            ``draw_id``, int64: each image's row in the whole.
        classes: The class names, sorted; ``class_index`` counts in them.
        labels: Class name to integer label.
        ignored: Why files were passed over, and how many.
        columns: What else a manifest tells of each image, row by row.
        notes: Plain sentences that whoever uses the input should read.
        masks: The folder that the paths of masks start from; None: images have none.
        twins: What the images are blended with; None: nothing is.
    """

    root: StoragePath
    table: pa.Table
    classes: tuple[str, ...]
    labels: Mapping[str, int]
    ignored: Mapping[str, int] = field(default_factory=dict)
    columns: pa.Table | None = None
    notes: tuple[str, ...] = ()
    masks: StoragePath | None = None
    twins: Twins | None = None

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def is_tiled(self) -> bool:
        """Whether files are cut into several images."""
        return TILE[0] in self.table.column_names

    def counts(self) -> dict[str, int]:
        """How many images each class has."""
        index = self.table["class_index"].to_numpy()
        counts = np.bincount(index, minlength=len(self.classes)).tolist()
        return dict(zip(self.classes, counts, strict=True))

    def digest(self) -> str:
        """SHA-256 of all paths and their classes, in order: not of what is in the files.

        Where neither size nor time of some is known, also of where the paths start: other files of
        the same names could not be told apart. That goes for masks too.
        """
        total = sha256(repr(self.classes).encode())
        size, modified = (self.table[name].to_numpy() for name in ("size", "modified"))
        if (file_states(size, modified) == UNKNOWN_STATE).any():
            total.update(self.root.path.encode())
        if self.masks is not None and UNKNOWN_STATE in self.table[MASK_STATE].to_numpy():
            total.update(self.masks.path.encode())
        for start in range(0, len(self), _HASH_ROWS):
            part = self.table.slice(start, _HASH_ROWS)
            total.update("\0".join(part["path"].to_pylist()).encode())
            total.update(part["class_index"].to_numpy().tobytes())
            if self.is_tiled:
                for name in TILE:
                    total.update(part[name].fill_null(-1).to_numpy().tobytes())
            if DRAW_ID in part.column_names:
                total.update(part[DRAW_ID].to_numpy().tobytes())
            if self.masks is not None:
                total.update("\0".join(part[MASK].fill_null("").to_pylist()).encode())
        return total.hexdigest()

    def part(self, rows: npt.NDArray[np.int64]) -> "Catalog":
        """Some of the images; what is drawn for copies of them is as for those of the whole.

        Args:
            rows: Rows of the table, rising.
        """
        picked = pa.array(rows)
        table = self.table.take(picked).combine_chunks()
        if DRAW_ID not in table.column_names:
            table = table.append_column(DRAW_ID, picked)
        columns = None if self.columns is None else self.columns.take(picked)
        return replace(self, table=table, columns=columns)

    def states(self, rows: npt.NDArray[np.int64] | None = None) -> npt.NDArray[np.int64]:
        """A number for each file that is another one where its size or its time is another.

        Args:
            rows: Which rows of the table; None: all.
        """
        of_masks = [MASK_STATE] if self.masks is not None else []
        of_twins = [TWIN_STATE] if self.twins is not None else []
        facts = self.table.select(["size", "modified", *of_masks, *of_twins])
        facts = facts if rows is None else facts.take(rows)
        states: npt.NDArray[np.int64]
        states, *others = (facts[name].to_numpy() for name in facts.column_names)
        for other in others:
            states = file_states(states, other)
        return states

    def order(self, seed: int, shuffle: bool) -> npt.NDArray[np.int64]:
        """Row of the table by sample id: a permutation of 0..n-1, or 0..n-1 itself."""
        if not shuffle:
            return np.arange(len(self))
        return seeds.generator(seed, seeds.ORDER, 0).permutation(len(self))

    def samples(
        self,
        order: npt.NDArray[np.int64],
        first: int,
        count: int,
        *,
        shard: int,
        first_timestamp: float,
        delta_timestamp: float,
        where: Masks = (),
        epochs: npt.NDArray[np.int32] | None = None,
    ) -> pa.Table:
        """What a worker is told of the samples first to first + count - 1 (``schemas.TASK``).

        Args:
            order: Row of the table by sample id.
            first: The first sample.
            count: How many.
            shard: Its number.
            first_timestamp: The time of sample 0, seconds since 1970.
            delta_timestamp: Seconds between samples.
            where: For each drift, of which rows of the table it is meant; None: of all.
            epochs: The epoch of each sample; None: draws depend on the sample's id.
        """
        picked = order[first : first + count]
        rows = self.table.take(picked)
        ids = np.arange(first, first + len(rows))
        index = rows["class_index"].to_numpy()
        present, index = np.unique(index, return_inverse=True)  # few of the classes, if many
        names = [self.classes[one] for one in present.tolist()]
        labels = np.array([self.labels[name] for name in names], np.int64)
        columns = [
            np.full(len(rows), shard),
            ids,
            first_timestamp + ids * delta_timestamp,
            rows["path"].combine_chunks().cast(pa.string()),
            pa.array(names, pa.string()).take(pa.array(index)),
            labels[index],
            _meant(picked, where),
            self.states(picked),
        ]
        for name in (*TILE, MASK, TWIN):
            kind = schemas.TASK.field(name).type
            there = name in rows.column_names
            columns.append(rows[name].cast(kind) if there else pa.nulls(len(rows), kind))
        columns.append(pa.nulls(len(rows), schemas.REPLACED))
        if epochs is None:
            columns += [pa.nulls(len(rows), field.type) for field in schemas.COPY]
        else:
            whole = rows[DRAW_ID].to_numpy() if DRAW_ID in rows.column_names else picked
            columns += [whole, epochs[first : first + count]]
        return pa.table(columns, schema=schemas.TASK)


def file_states(
    size: npt.NDArray[np.int64], modified: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """A number for each file that is another one where its size or its time is another."""
    states: npt.NDArray[np.int64] = size + modified * _SPREAD
    return states


def _meant(rows: npt.NDArray[np.int64], where: Masks) -> pa.ListArray:
    """For each row, one value a drift; none where no drift makes a difference."""
    flags = among(rows, where)
    if flags is None:
        flags = np.ones((len(rows), 0), np.bool_)
    ends = np.arange(len(rows) + 1, dtype=np.int32) * np.int32(flags.shape[1])
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(flags.reshape(-1)))


def load_catalog(
    source: str,
    class_mapping: Mapping[str, int] | None = None,
    options: Mapping[str, Any] | None = None,
    split: str | None = None,
    raw: RawSettings | None = None,
    chosen: CatalogSettings | None = None,
) -> Catalog:
    """Lists an input.

    Args:
        source: A folder with one sub-folder a class and images anywhere below it, or a manifest:
            a parquet or CSV file with ``path`` and ``class`` or ``label``, or JSON lines
            (``catalog.json_lines``). A manifest's paths start from its own folder unless they are
            absolute.
        class_mapping: Class name to integer label, several classes to one label allowed; None:
            the sorted names become 0..C-1, or keep the manifest's labels.
        options: How a remote input is reached (``StoragePath.of``).
        split: The sub-folder of the input that has the class folders, as ``train``; of a manifest,
            the rows that have it in the column ``split``, or lines of this ``usage``. None: the
            whole input.
        raw: What the raw files are that class folders have; None: they have photographs.
        chosen: Where the classes of a folder are told, and which images are left out; None:
            sub-folders are classes, and all images are used.

    Raises:
        CatalogError: There is no such input or split, nothing in it is an image in a class folder,
            the file of labels does not fit, or ``class_mapping`` does not name exactly its classes.
    """
    chosen = CatalogSettings() if chosen is None else chosen
    place = StoragePath.of(source, options)
    try:
        kind = place.info().type
        if kind == fs.FileType.NotFound:
            raise CatalogError(f"input {place} is not there: give a folder or a manifest")
        if kind == fs.FileType.File:
            if chosen.labels not in (None, UNLABELLED):
                raise CatalogError(
                    f"input {place} is a manifest, which tells classes itself: leave --labels out"
                )
            told = chosen.labels is None
            listing = read_manifest(
                place, class_mapping is None, options or {}, split, classes=told
            )
        else:
            folder = place if split is None else split_folder(place, split)
            listing = list_folders(folder, raw, classes=chosen.labels is None)
    except OSError as error:
        raise CatalogError(f"input {place}: {redacted(reason(error))}") from error
    listing = without_excluded(listing, chosen)
    if chosen.labels is not None and chosen.labels != UNLABELLED:
        listing = _labelled(listing, StoragePath.of(chosen.labels, options), class_mapping is None)
    listing = without_small_classes(listing, chosen)
    labels = listing.labels or class_labels(listing.classes, class_mapping)
    by_path = pc.sort_indices(listing.table, [("path", "ascending"), ("class_index", "ascending")])
    table = listing.table.take(by_path).combine_chunks()
    columns = None if listing.columns is None else listing.columns.take(by_path)
    return Catalog(
        listing.root, table, listing.classes, labels, listing.ignored, columns, listing.notes
    )


def _labelled(listing: Listing, place: StoragePath, keep_numbers: bool) -> Listing:
    """The images of a file of labels; its numbers are their labels, where nothing else is said."""
    try:
        labels = read_labels(place)
    except OSError as error:
        raise CatalogError(f"labels {place}: {redacted(reason(error))}") from error
    return with_labels(listing, labels if keep_numbers else replace(labels, labels=None))


def class_labels(classes: tuple[str, ...], mapping: Mapping[str, int] | None) -> dict[str, int]:
    """Class name to label: sorted names to 0..C-1, or as the mapping says.

    Raises:
        CatalogError: The mapping lacks a class or names one that is not there.

    >>> class_labels(("cat", "dog"), None)
    {'cat': 0, 'dog': 1}
    """
    if mapping is None:
        return {name: label for label, name in enumerate(classes)}
    for name in classes:
        if name not in mapping:
            raise CatalogError(f"class_mapping has no label for the class {name!r}")
    there = frozenset(classes)
    for name, label in mapping.items():
        if name not in there:
            known = ", ".join(map(repr, classes[:20]))
            raise CatalogError(f"class_mapping names an unknown class {name!r}: there are {known}")
        if isinstance(label, bool) or not isinstance(label, int | np.integer):
            raise CatalogError(f"class_mapping gives {name!r} the label {label!r}, not an integer")
        if not -(2**63) <= label < 2**63:
            raise CatalogError(f"class_mapping gives {name!r} the label {label}, beyond 64 bits")
    return {name: int(mapping[name]) for name in classes}
