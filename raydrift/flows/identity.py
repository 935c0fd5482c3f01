"""A digest of everything that the batches of a flow depend on."""

import json
from dataclasses import asdict
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from raydrift.catalog import Catalog
from raydrift.engine.identity import run_identity
from raydrift.flows.order import Order
from raydrift.flows.samples import SampleBatches


def identity_of(maker: SampleBatches, order: Order) -> str:
    """A digest of all that the batches depend on: settings, input, parts, order."""
    catalog, schedule = maker.catalog, maker.schedule
    drifts = () if schedule is None else schedule.drifts
    marks, masks = maker.annotations, maker.more_masks
    columns = [] if marks is None else [one for one in (marks.boxes, marks.points) if one]
    whole = {
        "run": run_identity(maker.settings, order.samples, catalog.digest(), None),
        "labels": dict(catalog.labels),
        "rows": sha256(np.ascontiguousarray(maker.rows).tobytes()).hexdigest(),
        "augments": schedule is not None,
        "drifts": [str(drift) for drift in drifts],
        "order": asdict(order),
        "on_error": maker.on_error,
        "where": [None if one is None else _digest(one) for one in maker.where],
        "annotations": None if marks is None else asdict(marks),
        "columns": [_digest_of_column(catalog, name) for name in columns],
        "more_masks": [sha256(repr(one.paths.to_pylist()).encode()).hexdigest() for one in masks],
    }
    return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:32]


def _digest(flags: npt.NDArray[np.bool_]) -> str:
    return sha256(np.packbits(flags).tobytes()).hexdigest()


def _digest_of_column(catalog: Catalog, name: str) -> str:
    """A digest of a column of a manifest, row by row."""
    total = sha256()
    for part in catalog.columns.select([name]).to_batches() if catalog.columns else ():
        total.update(repr(part.to_pydict()).encode())
    return total.hexdigest()
