"""One page that shows an experiment: self-contained, nothing is loaded from anywhere."""

import json
import shlex
from collections.abc import Sequence
from typing import Any, Final

from raydrift.paths import redacted
from raydrift.report.again import network_fact, record_facts, run_flags, twins_flags
from raydrift.report.class_rows import SHADE, Cell, ClassRow
from raydrift.report.environment import page_environment, plotly_code
from raydrift.report.evaluation import METRIC_NAMES, Evaluation
from raydrift.report.figures import (
    SHOWN_BATCHES,
    SHOWN_CLASSES,
    SHOWN_LINES,
    batch_lines,
    class_dots,
    level_boxes,
)
from raydrift.report.headline import headline
from raydrift.report.metric_texts import METRIC_TEXTS
from raydrift.report.palette import spaced
from raydrift.report.strips import Strip
from raydrift.report.task_page import task_class_rows, task_facts, task_figures, task_flags
from raydrift.report.text import level_name, number
from raydrift.settings.experiment import EvaluateSettings
from raydrift.storage import layout
from raydrift.storage.evaluated import EvaluationRecord
from raydrift.text import plural

_MOST_COLUMNS: Final = 11


def report_page(
    evaluation: Evaluation,
    settings: EvaluateSettings,
    record: EvaluationRecord,
    strips: Sequence[Strip],
) -> str:
    """The page as HTML.

    Args:
        evaluation: What was measured.
        settings: That it was measured with, resolved.
        record: What ``evaluation.json`` says.
        strips: Samples at the levels.
    """
    levels = spaced(evaluation.levels, _MOST_COLUMNS)
    return (
        page_environment()
        .get_template("evaluation.html.j2")
        .render(
            evaluation=evaluation,
            record=record,
            strips=strips,
            source=redacted(settings.run.input),
            batch_size=settings.run.embedding.batch_size,
            sentences=headline(evaluation),
            plural=plural,
            columns=levels,
            metrics=METRIC_TEXTS,
            medians=_medians(evaluation, levels),
            class_rows=_class_rows(evaluation, levels),
            class_levels=levels[::-1],
            task_rows=task_class_rows(evaluation.task, levels) if evaluation.task else [],
            shown_batches=min(SHOWN_BATCHES, len(evaluation.batches)),
            shown_classes=SHOWN_CLASSES,
            shown_lines=min(SHOWN_LINES, len(evaluation.levels)),
            command=[shlex.quote(word) for word in _command(settings)],
            facts=_facts(evaluation, settings, record),
            figures=_figures(evaluation, levels),
            settings_json=json.dumps(record.settings, indent=2, ensure_ascii=False),
            layout=layout,
            plotly=plotly_code(),
        )
    )


def _figures(evaluation: Evaluation, levels: Sequence[float]) -> dict[str, dict[str, Any]]:
    """Every plot that the page can show, as plotly's plain values."""

    def plain(figure: Any) -> Any:
        return json.loads(figure.to_json())

    return {
        "boxes": {name: plain(level_boxes(evaluation, name)) for name in METRIC_NAMES},
        "lines": {name: plain(batch_lines(evaluation, name)) for name in METRIC_NAMES},
        "classes": {level_name(level): plain(class_dots(evaluation, level)) for level in levels},
        **{name: {"all": plain(one)} for name, one in task_figures(evaluation.task).items()},
    }


def _medians(evaluation: Evaluation, levels: Sequence[float]) -> list[tuple[str, list[float]]]:
    places = [evaluation.levels.index(level) for level in levels]
    return [
        (METRIC_TEXTS[name].title, evaluation.median_of(name)[places].tolist())
        for name in METRIC_NAMES
    ]


def _class_rows(evaluation: Evaluation, levels: Sequence[float]) -> list[ClassRow]:
    """The classes, those that drift most at the last level first."""
    by_class: dict[str, dict[float, float]] = {}
    samples = {}
    for row in evaluation.class_drift:
        by_class.setdefault(row.class_name, {})[row.level] = row.median
        samples[row.class_name] = row.samples
    most = max((row.median for row in evaluation.class_drift), default=0.0) or 1.0
    rows = [
        ClassRow(
            name,
            samples[name],
            tuple(
                Cell(number(medians[level]), round(SHADE * medians[level] / most, 3))
                for level in levels
            ),
        )
        for name, medians in by_class.items()
    ]
    return sorted(rows, key=lambda row: (-by_class[row.name][levels[-1]], row.name))


def _command(settings: EvaluateSettings) -> list[str]:
    """What measures the same again; what only a TOML file can say is not in it."""
    run, sweep = settings.run, settings.sweep
    words = ["raydrift", "evaluate", redacted(run.input), "OUTPUT"]
    for transform in sweep.transforms:
        words += ["-t", str(transform)]
    words += ["--levels", ",".join(map(level_name, sweep.levels))]
    words += ["--batches", str(settings.batches), "--seed", str(run.seed)]
    return words + run_flags(run) + twins_flags(run) + task_flags(settings.task)


def _facts(
    evaluation: Evaluation, settings: EvaluateSettings, record: EvaluationRecord
) -> dict[str, str]:
    """What has to be known to repeat and to judge the numbers."""
    run, sweep = settings.run, settings.sweep
    return {
        "Input": redacted(run.input),
        "Transforms": f"{sweep} (without a level: sweeps)",
        "Levels": ", ".join(map(level_name, sweep.levels)),
        "Seed": str(run.seed),
        "Order": "a permutation keyed by the seed" if run.shuffle else "sorted by path",
        "Images": f"{run.image.height} × {run.image.width} pixels",
        "Network": network_fact(run, record),
        **task_facts(evaluation.task),
        **record_facts(record),
    }
