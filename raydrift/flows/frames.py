"""A table of file names and labels to the rows of a flow, by the rules of Keras."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.augment.compat import FIXED, KP112
from raydrift.errors import SettingsError
from raydrift.flows.class_folders import plain_path
from raydrift.flows.columns import Columns
from raydrift.flows.frame_checks import (
    check_labels,
    check_mode,
    check_parts,
    check_paths,
    check_targets,
    check_weights,
)
from raydrift.flows.listing import KERAS
from raydrift.flows.valid_files import joined, valid_files
from raydrift.warned import warn

CLASS_MODES: Final = frozenset(
    {"binary", "categorical", "input", "multi_output", "raw", "sparse", None}
)
"""What a flow of a frame yields beside images: numbers of classes (``binary``, ``sparse``), ones
and zeros (``categorical``), the images again, several arrays, what the columns have, or nothing."""

WITH_CLASSES: Final = ("binary", "categorical", "sparse")
"""The modes in which labels are names of classes."""

Label = str | list[str] | tuple[str, ...]


@dataclass(frozen=True, eq=False)
class FrameRows:
    """What a flow takes from a frame.

    Attributes:
        filenames: The paths as the frame has them.
        filepaths: With the directory before them.
        rows: int64: which row of the frame each is. It names the sample in every draw, so that a
            split, or a file that is gone, changes nothing of the others' augmentation.
        class_indices: Class name to number; None: the mode has no classes.
        classes: The number of the class of each, or a list of them where it has several; None: the
            mode has no classes.
        targets: In ``raw`` the columns' values, (n,) or (n, k); in ``multi_output`` an array a
            column; else None.
        weights: The weight of each; None: there is no such column.
    """

    filenames: list[str]
    filepaths: list[str]
    rows: npt.NDArray[np.int64]
    class_indices: dict[str, int] | None = None
    classes: list[int | list[int]] | None = None
    targets: npt.NDArray[Any] | list[npt.NDArray[Any]] | None = None
    weights: npt.NDArray[Any] | None = None


def read_frame(
    dataframe: Any,
    directory: str | os.PathLike[str] | None = None,
    *,
    x_col: Any = "filename",
    y_col: Any = "class",
    weight_col: Any = None,
    classes: Iterable[str] | None = None,
    class_mode: str | None = "categorical",
    split: tuple[float, float] | None = None,
    compat: str = FIXED,
    validate_filenames: bool = True,
    suffixes: tuple[str, ...] = KERAS.suffixes,
    storage_options: Mapping[str, Any] | None = None,
) -> FrameRows:
    """Takes the rows of a flow from a frame.

    Args:
        dataframe: A DataFrame of pandas or polars, a table of pyarrow, or a dict of columns. It is
            not changed.
        directory: The folder or URI that paths start from; None: they are whole.
        x_col: The column of paths.
        y_col: The column of labels; a list of columns in ``raw`` and ``multi_output``.
        weight_col: The column of weights; None: there are none.
        classes: The classes; rows of others are left out. None: all that there are, sorted.
        class_mode: One of ``CLASS_MODES``.
        split: Which part of the rows, as (0, 0.2) for validation and (0.2, 1) for training.
        compat: With ``kp112`` given classes are sorted; else they stay in their order.
        validate_filenames: Whether rows are left out whose file is not there, or is no image by
            its name.
        suffixes: How names of images end.
        storage_options: How a remote filesystem is reached.

    Returns:
        The rows.

    Raises:
        TypeError: Paths, labels or weights are of a wrong type, or the frame is.
        SettingsError: Another argument cannot be; it is a ValueError.
        MissingColumnError: There is no such column; it is a KeyError, too.
    """
    check_mode(class_mode, CLASS_MODES, y_col)
    columns = Columns(dataframe)
    paths = columns.values(x_col)
    check_paths(paths, x_col)
    wanted = _wanted(classes)
    has_classes = class_mode in WITH_CLASSES
    labels: list[Label] = []
    if has_classes:
        labels = columns.values(y_col)
        check_labels(labels, str(class_mode), y_col, wanted)
    elif wanted:
        warn(f'`classes` will be ignored given the class_mode="{class_mode}"')
    weights = None
    if weight_col:
        weights = columns.array(weight_col)
        check_weights(weights, weight_col)
    root = plain_path(directory) if directory else ""

    rows = np.arange(len(paths), dtype=np.int64)
    if validate_filenames:
        rows = rows[valid_files(root, paths, suffixes, x_col, storage_options)]
    names: list[str] = []
    if has_classes:
        found = {row: labels[row] for row in rows.tolist()}
        names = _names(found.values(), wanted, compat)
        if wanted:
            found = _only(found, set(wanted))
        rows = np.array(list(found), dtype=np.int64)
    part = rows if split is None else rows[slice(*(int(share * len(rows)) for share in split))]
    if has_classes:
        check_parts(paths, found, rows, part, names)

    filenames = [paths[row] for row in part.tolist()]
    numbers = {name: number for number, name in enumerate(names)}
    return FrameRows(
        filenames,
        [joined(root, name) for name in filenames],
        part,
        numbers if has_classes else None,
        [_numbers(found[row], numbers) for row in part.tolist()] if has_classes else None,
        _targets(columns, class_mode, y_col, part),
        None if weights is None else weights[part],
    )


def _wanted(classes: Iterable[str] | None) -> list[str]:
    """The classes that are given, each once."""
    if isinstance(classes, str):
        raise TypeError(f"classes is {classes!r}: give a list of names")
    return list(dict.fromkeys(classes)) if classes is not None else []


def _names(labels: Iterable[Label], wanted: list[str], compat: str) -> list[str]:
    if wanted:
        return sorted(wanted) if compat == KP112 else wanted
    names: set[str] = set()
    for label in labels:
        names.update([label] if isinstance(label, str) else label)
    try:
        return sorted(names)
    except TypeError:
        raise TypeError("classes of several types: give all labels as strings") from None


def _only(labels: dict[int, Label], wanted: set[str]) -> dict[int, Label]:
    """The rows that have one of these classes, and of several only these."""
    kept: dict[int, Label] = {}
    for row, label in labels.items():
        if isinstance(label, str):
            if label in wanted:
                kept[row] = label
        elif some := [name for name in label if name in wanted]:
            kept[row] = some
    return kept


def _numbers(label: Label, numbers: Mapping[str, int]) -> int | list[int]:
    return numbers[label] if isinstance(label, str) else [numbers[name] for name in label]


def _targets(
    columns: Columns, class_mode: str | None, y_col: Any, rows: npt.NDArray[np.int64]
) -> npt.NDArray[Any] | list[npt.NDArray[Any]] | None:
    if class_mode == "raw":
        values = columns.array(y_col)[rows]
        check_targets(values, y_col)
        return values
    if class_mode != "multi_output":
        return None
    targets = []
    for name in y_col:
        column = columns.values(name)
        try:
            targets.append(np.array([column[row] for row in rows.tolist()]))
        except ValueError:
            raise SettingsError(
                f"column y_col={name!r} has values of different shapes: give all rows one shape"
            ) from None
        check_targets(targets[-1], name)
    return targets
