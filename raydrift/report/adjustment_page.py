"""One page that shows an adjustment: self-contained, nothing is loaded from anywhere."""

import json
import shlex
from typing import Final

from raydrift.paths import redacted
from raydrift.report.adjustment import (
    DRIFTED,
    FROZEN,
    LEARNED,
    ORIGINAL,
    Adjustment,
    adjustment_sentences,
    question_of,
    words_of,
)
from raydrift.report.again import image_flags, record_facts, twins_flags
from raydrift.report.environment import page_environment
from raydrift.report.text import level_name, number
from raydrift.report.uris import png_uri
from raydrift.settings.adjust import ALL, LAST, NOTHING, AdjustSettings
from raydrift.storage import layout
from raydrift.storage.evaluated import AdjustRecord
from raydrift.text import plural

_PARTS: Final = {
    ALL: "all of the model learns",
    LAST: "the last layer of the model learns",
    NOTHING: "nothing of the model learns",
}


def adjustment_page(
    found: Adjustment, settings: AdjustSettings, record: AdjustRecord, plot: bytes
) -> str:
    """The page as HTML.

    Args:
        found: What was found.
        settings: That it was found with, resolved.
        record: What ``adjust.json`` says.
        plot: The curves as PNG.
    """
    return (
        page_environment()
        .get_template("adjustment.html.j2")
        .render(
            found=found,
            record=record,
            source=redacted(settings.run.input),
            sentences=adjustment_sentences(found),
            cards=_cards(found),
            rows=_rows(found),
            raw=settings.run.raw is not None,
            question=question_of(found),
            words=words_of(found),
            stages=_stages(found),
            kept=tuple(found.kept),
            plot=png_uri(plot),
            curves=layout.CURVES,
            program=layout.ADJUSTED,
            camera=layout.CAMERA_NUMBERS,
            command=[shlex.quote(word) for word in _command(settings)],
            facts=_facts(settings, record),
            settings_json=json.dumps(record.settings, indent=2, ensure_ascii=False),
        )
    )


def _cards(found: Adjustment) -> list[tuple[str, str, str]]:
    """Number, unit and a line below it."""
    images, files = plural(found.samples, "image").split(), plural(found.files, "file")
    words = words_of(found)
    lines = {
        ORIGINAL: "of the model on the originals",
        DRIFTED: "on drifted images",
        FROZEN: words.frozen_card,
        LEARNED: words.learned_card,
    }
    if not found.drifts:
        lines[DRIFTED] = "of the model"
        del lines[ORIGINAL]
    cards = [(images[0], images[1], f"of {files}")]
    return cards + [
        (number(found.ends[name][0]), found.quality, line) for name, line in lines.items()
    ]


def _rows(found: Adjustment) -> list[list[str]]:
    curves = found.curves
    given = (curves.original, curves.drifted) if found.drifts else (curves.drifted,)
    columns = (*given, curves.frozen[:, -1], curves.learned[:, -1])
    return [[number(float(value)) for value in row] for row in zip(*columns, strict=True)]


def _stages(found: Adjustment) -> list[tuple[str, list[tuple[str, str]]]]:
    """Of each kept image and training a title, and the name and picture of each stage."""
    table = found.kept.get(layout.STAGES)
    words = {LEARNED: "at the end of the training", FROZEN: "through the camera as it was"}
    shown: dict[str, list[tuple[str, str]]] = {}
    for row in [] if table is None else table.drop_columns(["values", "gradient"]).to_pylist():
        picture = png_uri(row["picture"])
        title = f"{row['source_path']}, sample {row['sample_id']}, {words[row['training']]}"
        shown.setdefault(title, []).append((row["stage"], picture))
    return list(shown.items())


def _command(settings: AdjustSettings) -> list[str]:
    """What adjusts the same again; what only a TOML file can say is not in it."""
    run, task = settings.run, settings.task
    words = ["raydrift", "adjust", redacted(run.input), "OUTPUT", "--task", redacted(task.model)]
    for info in run.transforms:
        words += ["-t", str(info)]
    if task.normalize != "none":
        words += ["--task-normalize", task.written_normalize]
    words += ["--splits", str(settings.splits), "--train-size", level_name(settings.train_size)]
    words += ["--epochs", str(settings.epochs), "--lr", repr(settings.lr)]
    if settings.camera_lr is not None:
        words += ["--camera-lr", repr(settings.camera_lr)]
    words += ["--batch-size", str(settings.batch_size), "--augmentation", settings.augmentation]
    words += ["--learn", settings.learn, "--processor", settings.processor]
    words += ["--stages", str(settings.stages), "--seed", str(run.seed)]
    words += ["--num-samples", str(run.num_samples)]
    return [*words, *image_flags(run), *twins_flags(run)]


def _facts(settings: AdjustSettings, record: AdjustRecord) -> dict[str, str]:
    """What has to be known to repeat and to judge the numbers."""
    run, task = settings.run, settings.task
    rate, camera_rate = settings.rates
    drifts = [str(info) for info in run.transforms]
    part = _PARTS[settings.learn]
    augmentation = "no" if settings.augmentation == "none" else settings.augmentation
    return {
        "Input": redacted(run.input),
        "Drift": ", ".join(drifts) or ("on a timeline" if run.drift else "none"),
        "Processor": settings.processor,
        "Model": f"{redacted(task.model)}, normalisation {task.written_normalize}",
        "Training": (
            f"{part} by Adam, learning rate {rate:g}, of the camera {camera_rate:g}, "
            f"{plural(settings.epochs, 'epoch')}, batches of {settings.batch_size}, "
            f"{augmentation} augmentation"
        ),
        "Splits": (
            f"{plural(settings.splits, 'split')} by file, {level_name(settings.train_size)} of the "
            "files to learn from"
        ),
        "Seed": str(run.seed),
        "Images": f"{run.image.height} × {run.image.width} pixels",
        **record_facts(record),
    }
