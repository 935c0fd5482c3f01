"""Evaluations made of numbers that a test can know, without a network."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from raydrift.metrics import mean_interval
from raydrift.report.evaluation import METRIC_NAMES, BatchMeasures, Evaluation
from raydrift.settings import EvaluateSettings
from raydrift.settings.toml import evaluate_settings
from raydrift.storage.evaluated import EvaluationRecord
from raydrift.storage.shards import Rejected


def settings_of(levels: Sequence[float], **values: object) -> EvaluateSettings:
    plain = {"input": "photos", "output": "out", "levels": list(levels), "batches": 3, **values}
    return evaluate_settings(plain)


def evaluation_of(
    settings: EvaluateSettings,
    batches: int = 3,
    size: int = 8,
    classes: Sequence[str] = ("cat", "dog"),
    left_out: Sequence[Rejected] = (),
) -> Evaluation:
    """Every image of batch b has KL = level + b / 100, and every metric is that by its place."""
    levels = np.array(settings.sweep.levels)
    found = []
    for batch in range(batches):
        pairs = np.repeat(levels[:, None] + batch / 100, size, axis=1)
        pairs = pairs + np.linspace(-0.05, 0.05, size) * levels[:, None] * (size > 1)
        values = pairs.mean(axis=1)[:, None] * np.arange(1, len(METRIC_NAMES) + 1)
        ids = range(batch * size, (batch + 1) * size)
        names = tuple(classes[i % len(classes)] for i in ids)
        found.append(BatchMeasures(batch, tuple(ids), names, values, pairs, mean_interval(pairs)))
    return Evaluation(settings.sweep, tuple(found), tuple(left_out))


def record_of(settings: EvaluateSettings, evaluation: Evaluation) -> EvaluationRecord:
    return EvaluationRecord(
        identity={"embedding": {"weights": "0123456789abcdef"}},
        settings={"input": settings.run.input, "seed": settings.run.seed},
        status="complete",
        counts={"rejected": len(evaluation.left_out)},
        rejected=[asdict(one) for one in evaluation.left_out],
        timings={"measure": 1.5, "all_workers_embed_seconds": 3.0},
        versions={"raydrift": "0.1.0"},
    )
