"""Tables of any library, as columns by name: none of the libraries is imported for it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.errors import SettingsError, suggest
from raydrift.text import printable


class MissingColumnError(SettingsError, KeyError):
    """A table has no column of this name."""

    def __str__(self) -> str:
        return printable(str(self.args[0]))  # a KeyError would put it in quotes


class Columns:
    """The columns of a table, which is not changed.

    Args:
        frame: A DataFrame of pandas or polars, a table of pyarrow or of whatever else speaks
            Arrow, or a dict of columns.

    Raises:
        TypeError: It is none of them.
        SettingsError: The columns of a dict are of different lengths.

    >>> Columns({"filename": ["1.png", "2.png"]}).values("filename")
    ['1.png', '2.png']
    """

    def __init__(self, frame: Any) -> None:
        if isinstance(frame, Mapping):
            self._names = list(frame)
            lengths = {len(frame[name]) for name in self._names}
            if len(lengths) > 1:
                told = ", ".join(f"{name}: {len(frame[name])}" for name in self._names)
                raise SettingsError(f"dataframe has columns of different lengths: {told}")
        elif hasattr(frame, "iloc") or hasattr(frame, "get_column"):  # pandas, polars
            self._names = list(frame.columns)
        elif hasattr(frame, "__arrow_c_stream__"):
            import pyarrow as pa

            frame = pa.table(frame)
            self._names = list(frame.column_names)
        else:
            raise TypeError(
                f"dataframe is of type {type(frame).__name__}: give a DataFrame of pandas or "
                "polars, a table of pyarrow, or a dict of columns"
            )
        self._frame = frame

    def __len__(self) -> int:
        return len(self._column(self._names[0])) if self._names else 0

    def values(self, name: Any) -> list[Any]:
        """A column as Python's own values.

        Raises:
            MissingColumnError: There is none of this name.
            SettingsError: There are several.
        """
        column = self._column(name)
        for method in ("to_pylist", "to_list", "tolist"):
            if hasattr(column, method):
                return list(getattr(column, method)())
        return list(column)

    def array(self, names: Any) -> npt.NDArray[Any]:
        """A column as an array (n,), or those of a list as one (n, k), of the dtype they have.

        Raises:
            MissingColumnError: There is none of this name.
            SettingsError: There are several.
        """
        if not isinstance(names, list):
            return _array(self._column(names))
        if hasattr(self._frame, "iloc"):  # pandas has rules of its own for columns of several types
            for name in names:
                self._column(name)
            return np.asarray(self._frame[names].to_numpy())
        return np.stack([_array(self._column(name)) for name in names], axis=1)

    def _column(self, name: Any) -> Any:
        times = self._names.count(name)
        if times == 0:
            shown = suggest(str(name), map(str, self._names))
            raise MissingColumnError(f"dataframe has no column {name!r}: {shown}")
        if times > 1:
            raise SettingsError(f"dataframe has {times} columns {name!r}: rename all but one")
        return self._frame[name]


def _array(column: Any) -> npt.NDArray[Any]:
    if hasattr(column, "to_numpy"):
        return np.asarray(column.to_numpy())
    if isinstance(column, np.ndarray):
        return column
    if any(isinstance(one, str | list | tuple) for one in column):
        array = np.empty(len(column), dtype=object)  # as pandas has text and lists
        array[:] = column
        return array
    return np.asarray(column)
