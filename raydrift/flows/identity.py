"""A digest of everything that the batches of a flow depend on."""

import json
from dataclasses import asdict
from hashlib import sha256

import numpy as np

from raydrift.engine.identity import run_identity
from raydrift.flows.order import Order
from raydrift.flows.samples import SampleBatches


def identity_of(maker: SampleBatches, order: Order) -> str:
    """A digest of all that the batches depend on: settings, input, parts, order."""
    catalog, schedule = maker.catalog, maker.schedule
    drifts = () if schedule is None else schedule.drifts
    whole = {
        "run": run_identity(maker.settings, order.samples, catalog.digest(), None),
        "labels": dict(catalog.labels),
        "rows": sha256(np.ascontiguousarray(maker.rows).tobytes()).hexdigest(),
        "augments": schedule is not None,
        "drifts": [str(drift) for drift in drifts],
        "order": asdict(order),
        "on_error": maker.on_error,
    }
    return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:32]
