"""The dashboard of ``cluster/grafana/``, and what its queries ask for."""

import json
from collections.abc import Iterator
from typing import Any

import promql_parser

from tests.cluster.files import CLUSTER

DASHBOARD: dict[str, Any] = json.loads((CLUSTER / "grafana/raydrift.json").read_text())


def panels() -> list[dict[str, Any]]:
    """Its panels, without the headings of rows."""
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def queries() -> list[str]:
    """All its queries."""
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def names_in(query: str) -> set[str]:
    """The names of the series in a query.

    Raises:
        ValueError: It is no PromQL.
    """
    for variable, value in (("$__rate_interval", "1m"), ("$run", "run")):
        query = query.replace(variable, value)
    return {selector.name for selector in _selectors(promql_parser.parse(query))}


def selectors(query: str) -> list[Any]:
    """The selectors of series in a query, its variables as they are."""
    return list(_selectors(promql_parser.parse(query.replace("$__rate_interval", "1m"))))


def _selectors(node: Any) -> Iterator[Any]:
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    elif isinstance(node, promql_parser.MatrixSelector):
        yield node.vector_selector
    for name in ("expr", "lhs", "rhs", "param"):
        below = getattr(node, name, None)
        if isinstance(below, promql_parser.Expr):
            yield from _selectors(below)
    for below in getattr(node, "args", ()):
        yield from _selectors(below)
