"""Finished outputs of every kind, as their commands write them, with numbers one can follow."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from raydrift import schemas
from raydrift.engine.identity import shown
from raydrift.paths import StoragePath
from raydrift.settings.toml import generate_settings
from raydrift.storage import layout
from raydrift.storage.evaluated import (
    AdjustRecord,
    EvaluationRecord,
    ForensicsRecord,
    MatrixRecord,
    MeasuredRecord,
    write_evaluation,
)
from raydrift.storage.tables import parquet_bytes

PAGE, PICTURE, MODEL = b"<html>found</html>", b"\x89PNG\r\n\x1a\n\x00\xff", bytes(range(256)) * 99
COUNTS = {"asked": 5, "measured": 4, "rejected": 1}
TIMINGS = {"list": 1.5, "measure": 8.0, "all_workers_embed_seconds": 99.0}


@dataclass(frozen=True)
class Made:
    """A finished output: its folder, the kind of its record, and the bytes of all its files."""

    output: StoragePath
    kind: type[MeasuredRecord]
    files: Mapping[str, bytes]


def settings_of(output: StoragePath, **own: Any) -> dict[str, Any]:
    """As a record has them."""
    plain = {
        "input": "s3://key:secret@bucket/photos",
        "output": output.uri,
        "seed": 7,
        "transforms": ["hue:0.5"],
        "image": {"height": 64, "width": 64},
        "storage_options": {"secret_key": "abc"},
    }
    return shown(generate_settings(plain)) | own


def made(output: StoragePath, record: MeasuredRecord, files: Mapping[str, bytes]) -> Made:
    record.counts, record.timings = dict(COUNTS), dict(TIMINGS)
    output.create()
    for name in files:
        if "/" in name:
            (output / name.rpartition("/")[0]).create()
    write_evaluation(output, record, files)
    written = (output / record.file).read_bytes()
    return Made(output, type(record), {**files, record.file: written})


def adjusted(output: StoragePath, splits: int = 2) -> Made:
    """Of two epochs: a split more is 0.1 better, an epoch 0.2."""
    rows = []
    for split in range(splits):
        of_split = {"split": split, "samples": 4, "f1": None, "nll": None}
        for training in ("original", "drifted"):
            quality = (0.9 if training == "original" else 0.4) + 0.1 * split
            rows.append(
                of_split | {"training": training, "epoch": 0, "loss": None, "quality": quality}
            )
        for training, begin in (("learned", 0.3), ("frozen", 0.2)):
            for epoch in range(3):
                quality = begin + 0.1 * split + 0.2 * epoch
                loss = None if epoch == 0 else 1.0 / epoch
                rows.append(
                    of_split
                    | {"training": training, "epoch": epoch, "loss": loss, "quality": quality}
                )
    record = AdjustRecord(
        {"adjust": {"splits": splits}, "input": "digest"},
        settings_of(output, splits=splits, task={"model": "m.pt2", "drop": 0.1}),
        adjustment={"quality": "accuracy"},
    )
    files = {
        layout.REPORT: PAGE,
        layout.ADJUST_PLOT: PICTURE,
        layout.CURVES: parquet_bytes(pa.Table.from_pylist(rows, schema=schemas.CURVES)),
        layout.ADJUSTED: MODEL,
        layout.CAMERA_NUMBERS: b"[1.0]\n",
    }
    return made(output, record, files)


def evaluated(output: StoragePath, first: float = 0.25) -> Made:
    """Two levels of three batches, of which the last is too small for a metric."""
    rows = [
        {"batch": batch, "level": level, "metric": metric, "value": value, "samples": 4}
        for batch in range(3)
        for level in (first, 1.0)
        for metric, value in (
            ("kl_softmax", level * (batch + 1)),
            ("mmd", None if batch == 2 else level + batch),
        )
    ]
    task = {
        "levels": [
            {"level": None, "samples": 4, "accuracy": 0.75, "accuracy_interval": [0.5, 1.0]},
            {"level": first, "samples": 4, "accuracy": 0.5, "accuracy_interval": [0.25, None]},
            {"level": 1.0, "samples": 4, "accuracy": 0.25, "accuracy_interval": [0.0, 0.5]},
        ],
        "breaks_at": {"level": 0.2, "divergence": None},
    }
    record = EvaluationRecord(
        {"levels": [first, 1.0]}, settings_of(output, levels=[first, 1.0]), task=task
    )
    files = {
        layout.REPORT: PAGE,
        layout.KL_BY_LEVEL: PICTURE,
        layout.METRICS: parquet_bytes(pa.Table.from_pylist(rows, schema=schemas.METRICS)),
    }
    return made(output, record, files)


def searched(output: StoragePath) -> Made:
    """Two parts at two levels; one of them breaks the model."""
    parts = [
        {
            "part": part,
            "breaks_at": breaks_at,
            "levels": [
                {
                    "level": level,
                    "accuracy": 0.9 - level * cost,
                    "loss": 1.0 + level,
                    "drawn_accuracy": 0.9,
                    "file": f"cameras/{part}.toml",
                }
                for level in (0.1, 0.5)
            ],
        }
        for part, cost, breaks_at in (("all", 1.0, 0.5), ("mine:Fog", 0.1, None))
    ]
    record = ForensicsRecord(
        {"levels": [0.1, 0.5]},
        settings_of(output, levels=[0.1, 0.5]),
        task={"model": "m.pt2", "drop": 0.1, "accuracy": 0.9, "loss": 1.0},
        parts=parts,
        worst={"part": "all", "level": 0.5, "accuracy": 0.4, "camera": {}, "file": layout.WORST},
    )
    files = {
        "cameras/all-0.5.toml": b"seed = 7\n",
        layout.REPORT: PAGE,
        layout.FORENSICS_PLOT: PICTURE,
        layout.FORENSICS: b"a table",
        layout.WORST: b"seed = 7\n",
    }
    return made(output, record, files)


def of_severity(severity: int, mean: float, ratio: float, drops: list[float]) -> dict[str, Any]:
    return {
        "severity": severity,
        "mean_drop": mean,
        "ratio": ratio,
        "mean_drop_by_corruption": drops,
    }


def crossed(output: StoragePath) -> Made:
    """Three views; a network for each is kept."""
    record = MatrixRecord(
        {"compared_views": 3},
        settings_of(output, splits=2, views=["bi,s,me", "bi,s,ga", "me,u,ga"]),
        views=("bi,s,me", "bi,s,ga", "me,u,ga"),
        trained={
            "accuracy": [[0.9, 0.5, 0.3], [0.6, 0.8, 0.5], [0.4, 0.7, 1.0]],
            "accuracy_sd": [[0.1] * 3] * 3,
            "drop": [[0.0, 0.4, 0.6], [0.2, 0.0, 0.3], [0.6, 0.3, 0.0]],
            "mean_drop_by_test_view": [0.4, 0.35, 0.45],
            "mean_drop": 0.4,
        },
        divergence={
            "metric": "kl_softmax",
            "median": [[0.0, 1.0, None], [2.0, 0.0, None], [4.0, 3.0, 0.0]],
        },
        corruptions={
            "names": ["fog", "jpeg"],
            "severities": [
                of_severity(1, 0.2, 0.5, [0.1, 0.3]),
                of_severity(3, 0.4, 1.0, [0.2, 0.6]),
            ],
        },
    )
    files = {
        "models/bi_s_me-0.pt": MODEL,
        layout.REPORT: PAGE,
        layout.MATRIX_PLOT: PICTURE,
        layout.MATRIX: b"a table",
    }
    return made(output, record, files)
