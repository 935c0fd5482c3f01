"""Checks of a frame's columns: Keras' own, in its words, with the row and the remedy."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.errors import SettingsError
from raydrift.flows.columns import MissingColumnError
from raydrift.flows.listing_checks import named
from raydrift.text import plural
from raydrift.warned import warn

_ONE_COLUMN: Final = ("binary", "categorical", "sparse")
_NOTHING: Final = ("nan", "None", "<NA>", "NaT")


def check_mode(class_mode: object, allowed: Iterable[str | None], y_col: object) -> None:
    """Refuses a mode that there is not, and columns that do not go with it.

    Raises:
        SettingsError: There is no such mode.
        MissingColumnError: There is no column for it.
        TypeError: The mode takes one column, or several.
    """
    allowed = set(allowed)
    if class_mode not in allowed:
        shown = sorted(allowed, key=str)
        raise SettingsError(f"Invalid class_mode: {class_mode}; expected one of: {shown}")
    if class_mode == "multi_output" and not isinstance(y_col, list):
        raise TypeError(
            f'If class_mode="multi_output", y_col must be a list. Received {type(y_col).__name__}.'
        )
    if class_mode in _ONE_COLUMN and isinstance(y_col, list):
        raise TypeError(
            f'If class_mode="{class_mode}", y_col must be one column: give its name, or '
            'class_mode="raw" or "multi_output" for several'
        )
    if class_mode in (*_ONE_COLUMN, "raw") and y_col is None:
        raise MissingColumnError(
            f'class_mode="{class_mode}" needs y_col: name the column of labels'
        )


def check_paths(paths: Sequence[object], x_col: object) -> None:
    """Refuses paths that are not text.

    Raises:
        TypeError: One of them is not.
    """
    row = _first(paths, (str,))
    if row is not None:
        raise TypeError(
            f"All values in column x_col={x_col} must be strings. {_told(paths, row, x_col)}"
        )


def check_labels(labels: Sequence[Any], class_mode: str, y_col: object, classes: list[str]) -> None:
    """Refuses labels that are no names of classes.

    Raises:
        TypeError: One of them is not.
        SettingsError: There are not two classes, in ``binary``.
    """
    several = class_mode == "categorical"
    row = _first(labels, (str, list, tuple) if several else (str,))
    if row is not None:
        wanted = "type string, list or tuple" if several else "strings"
        raise TypeError(
            f'If class_mode="{class_mode}", y_col="{y_col}" column values must be {wanted}. '
            f"{_told(labels, row, y_col)}"
        )
    if class_mode == "binary":
        count = len(classes) or len(set(labels))
        if count != 2:
            given = f"{count} class/es were given." if classes else f"Found {count} classes."
            raise SettingsError(
                f'If class_mode="binary" there must be 2 classes. {given} Give class_mode="sparse" '
                "or name two in classes"
            )


def check_weights(weights: npt.NDArray[Any], weight_col: object) -> None:
    """Refuses weights that are no numbers, and warns of those that are missing.

    Raises:
        TypeError: They are not.
    """
    if not np.issubdtype(weights.dtype, np.number):
        raise TypeError(
            f"Column weight_col={weight_col} must be numeric. It is of dtype {weights.dtype}: "
            "convert it with .astype(float)"
        )
    missing = int(np.isnan(weights).sum())
    if missing:
        warn(
            f"column weight_col={weight_col} has no number in {plural(missing, 'row')}: a loss "
            "becomes NaN with it; fill it with .fillna(1)"
        )


def check_targets(targets: npt.NDArray[Any], y_col: object) -> None:
    """Warns of targets that are missing: a user's loss may leave them out."""
    if not np.issubdtype(targets.dtype, np.inexact):
        return
    missing = int(np.isnan(targets).sum())
    if missing:
        warn(
            f"y_col={y_col} has {plural(missing, 'value')} that is NaN, and so may be the loss: "
            "leave such rows out with .dropna(), or use a loss that does"
        )


def check_parts(
    paths: Sequence[str],
    labels: Mapping[int, Any],
    rows: npt.NDArray[np.int64],
    part: npt.NDArray[np.int64],
    classes: list[str],
) -> None:
    """Warns of what a split of rows, or the rows themselves, make of classes and files.

    Args:
        paths: The path of each row of the frame.
        labels: The label of each row that is taken.
        rows: The rows that are taken.
        part: Those in the wanted part.
        classes: The classes.
    """
    of_all, of_part = (_counts(labels, some) for some in (rows, part))
    without = [name for name in classes if not of_all[name]]
    if without:
        warn(f"dataframe has no rows of {named(without)}: check the names in classes")
    outside = [name for name in classes if of_all[name] and not of_part[name]]
    if outside:
        warn(
            f"dataframe has no rows of {named(outside)} in this part of the split, whose first "
            "rows are for validation: shuffle the rows before, with .sample(frac=1)"
        )
    inside = set(part.tolist())
    here = {paths[row] for row in inside}
    both = here.intersection(paths[row] for row in rows.tolist() if row not in inside)
    if both:
        warn(
            f"{plural(len(both), 'file')} of the dataframe, as {min(both)!r}, are in both parts of "
            "the split: split before rows are repeated"
        )
    firsts: dict[str, Any] = {}
    differing = {
        paths[row]
        for row in rows.tolist()
        if firsts.setdefault(paths[row], labels[row]) != labels[row]
    }
    if differing:
        warn(
            f"{plural(len(differing), 'file')} of the dataframe, as {min(differing)!r}, have rows "
            "with different labels: give a file one label, or a list of them"
        )


def _counts(labels: Mapping[int, Any], rows: npt.NDArray[np.int64]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in rows.tolist():
        label = labels[row]
        counts.update([label] if isinstance(label, str) else label)
    return counts


def _first(values: Iterable[object], kinds: tuple[type, ...]) -> int | None:
    """Where the first value is that is of another type."""
    return next((row for row, value in enumerate(values) if not isinstance(value, kinds)), None)


def _told(values: Sequence[object], row: int, column: object) -> str:
    value = values[row]
    if str(value) in _NOTHING:
        return f'Row {row} has none: leave such rows out with .dropna(subset=["{column}"])'
    if isinstance(value, np.ndarray):
        return f"Row {row} has an array: convert it with .apply(list)"
    shown = f"{value!r}"[:80]
    return f'Row {row} has {shown}: convert it with df["{column}"].astype(str)'
