"""Which images of a catalog filters let through."""

from functools import reduce
from operator import or_
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from raydrift.catalog.catalog import TILE, Catalog
from raydrift.catalog.dates import as_column
from raydrift.errors import SettingsError, suggest
from raydrift.schedules.where import Where, where_text
from raydrift.text import plural

_ROW = "raydrift row"


def rows_where(catalog: Catalog, where: Where) -> npt.NDArray[np.bool_]:
    """Says of which rows filters hold; where a value is null, none does.

    Args:
        catalog: The images; filters can use ``class``, ``label``, ``path`` (from the catalog's
            root on) and the other columns of a manifest.
        where: The filters.

    Returns:
        Bool, one value a row.

    Raises:
        SettingsError: There is no such column or class, a value is of another type than its
            column, or the filters hold of no image.
    """
    columns = {name for group in where for name, _, _ in group}
    table = pa.table({name: _column(catalog, name) for name in sorted(columns)})
    classes = frozenset(catalog.classes)
    filters = [
        [
            (name, operator, _value(catalog, classes, table, name, value))
            for name, operator, value in group
        ]
        for group in where
    ]
    held = np.zeros(len(catalog), np.bool_)
    table = table.append_column(_ROW, pa.array(np.arange(len(catalog))))
    try:
        holds = reduce(or_, (_holds(group) for group in filters))
        held[table.filter(holds)[_ROW].to_numpy()] = True
    except pa.ArrowException as error:
        raise SettingsError(f"where {where_text(where)}: {' '.join(str(error).split())}") from None
    if not held.any():
        zones = any(getattr(kind, "tz", None) for kind in table.schema.types)
        utc = "; a date without a zone is UTC" if zones else ""
        raise SettingsError(
            f"where {where_text(where)}: this holds of none of {plural(len(catalog), 'image')}{utc}"
        )
    return held


def _holds(group: list[tuple[str, str, Any]]) -> pc.Expression:
    """All filters of a group, of values that are there: for Arrow null is ``not in`` any list."""
    holds = pq.filters_to_expression([group])
    for name, _, _ in group:
        holds &= pc.field(name).is_valid()
    return holds


def _column(catalog: Catalog, name: str) -> pa.Array | pa.ChunkedArray:
    index = catalog.table["class_index"].to_numpy()
    schema = catalog.columns.schema if catalog.columns is not None else []
    others = [item.name for item in schema if not pa.types.is_nested(item.type)]
    match name:
        case "class":
            return pa.array(catalog.classes, pa.string()).take(pa.array(index))
        case "label":
            return pa.array([catalog.labels[one] for one in catalog.classes], pa.int64()).take(
                pa.array(index)
            )
        case "path":
            return catalog.table["path"]
        case _ if name in TILE and catalog.is_tiled:
            return catalog.table[name]
        case _ if name in others and catalog.columns is not None:
            return catalog.columns[name]
    raise SettingsError(
        f"where: there is no column {name!r}: {suggest(name, ['class', 'label', 'path', *others])}"
    )


def _value(
    catalog: Catalog, classes: frozenset[str], table: pa.Table, name: str, value: Any
) -> Any:
    """A filter's value as its column has it; text becomes a date where that is what there is."""
    if isinstance(value, tuple):
        return [_value(catalog, classes, table, name, item) for item in value]
    if name == "class" and value not in classes:
        raise SettingsError(
            f"where: there is no class {value!r}: {suggest(str(value), catalog.classes)}"
        )
    kind = table.schema.field(name).type
    if pa.types.is_temporal(kind):
        try:
            return as_column(str(value), kind)
        except ValueError as error:
            raise SettingsError(f"where {name}: {error}") from None
    return value
