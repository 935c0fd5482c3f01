"""``raydrift inspect``: what is in an output folder, and whether it is whole."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from raydrift.report.inspection import Inspection

_LONGEST = 60
_DIGITS = 12  # of a digest


def inspect(
    output: Annotated[str, typer.Argument(help="Output folder of 'raydrift generate'.")],
    quick: Annotated[
        bool, typer.Option("--quick", help="Don't read the files for their checksums.")
    ] = False,
    config: Annotated[
        str | None, typer.Option(metavar="FILE.toml", help="Whose storage_options are used.")
    ] = None,
) -> None:
    """Show what an output has: counts, classes, drawn parameters, rejected, and if it is whole."""
    from raydrift.cli.console import console
    from raydrift.cli.settings import output_place
    from raydrift.report.inspection import inspect_output

    place = output_place(output, config)
    found = inspect_output(place, quick)
    out = console()
    _print_run(out, str(place), found)
    _print_classes(out, found)
    _print_drawn(out, found)
    _print_rejected(out, found)
    for problem in found.problems:
        out.print(f"not whole: {problem}", style="bold red")
    if found.problems:
        if found.record.status == "complete":
            out.print(
                "to repair it, delete the files that are named above and run the same generate "
                "command again: it makes what is missing"
            )
        raise typer.Exit(1)
    out.print("whole: all files are there and belong together", style="green")


def _print_run(out: "Console", place: str, found: "Inspection") -> None:
    from raydrift.report.classes import ignored_lines
    from raydrift.storage.remarks import Remark

    record, settings = found.record, found.record.settings
    out.print(place, style="bold")
    placed = settings["drift"] or settings["label_shift"]
    transforms = ", ".join(settings["transforms"]) or (
        "none on every sample" if placed else "none (clean images)"
    )
    views: dict[str, str] = {}
    if "view" in settings:
        views["view"] = settings["view"]
    elif record.views:
        views["views"] = " ".join(record.views)
    elif "network" in settings:
        digest = record.identity["model"][:_DIGITS]
        views["model"] = f"{settings['model']}, {digest}"
        views["network"] = settings["network"]
    image, embedding = settings["image"], settings["embedding"]
    labels = settings.get("catalog", {}).get("labels")
    facts = {
        "status": record.status,
        "input": settings["input"],
        **({"split": settings["split"]} if settings.get("split") else {}),
        **({"labels": labels} if labels else {}),
        **(views or {"transforms": transforms}),
        **_timeline(settings),
        "seed": settings["seed"],
        "samples": f"{record.samples:,} from sample {settings['start']:,} on",
        **({"copies": f"{settings['copies']:,} of each image"} if record.has_copies else {}),
        "images": f"{image['height']} x {image['width']}",
        "embeddings": f"ResNet18, {embedding['weights']} weights, {embedding['precision']}"
        if embedding["compute"]
        else "none",
    }
    if found.shards_done:
        facts["shards"] = f"{found.shards_done:,} of {record.shards:,}"
    if record.counts:
        facts["written"] = f"{record.counts['written']:,}"
        facts["rejected"] = f"{record.counts['rejected']:,}"
    if placed and found.classes:
        facts["drifted"] = f"{found.drifted:,}"
    facts |= _sizes(found.files)
    width = max(map(len, facts))
    for name, fact in facts.items():
        out.print(f"  {name:<{width}}  {fact}")
    for line in (*ignored_lines(record.ignored), *record.notes):
        out.print(f"  {line}")
    for remark in record.remarks:
        out.print(f"  {Remark(**remark)}")


def _sizes(files: dict[str, int]) -> dict[str, str]:
    """The size of each file; of numbered ones that of all together."""
    from raydrift.storage import layout

    names = sorted(files)
    short = layout.in_short(names)
    rest = sum(size for name, size in files.items() if name not in short)
    return {name: f"{files.get(name, rest):,} bytes" for name in sorted(short)}


def _timeline(settings: dict[str, Any]) -> dict[str, str]:
    """Each drift and label shift, as it was configured."""
    from raydrift.schedules.where import plain_where, where_text

    facts = {}
    for what, name in (("drift", "drift"), ("label shift", "label_shift")):
        for number, one in enumerate(settings[name], 1):
            parts = [str(one["kind"])] if name == "drift" else []
            parts += one.get("transforms", ())  # a drift that replaces images has none
            rest = {key: value for key, value in one.items() if key not in ("kind", "transforms")}
            if "where" in rest:
                rest["where"] = where_text(plain_where(rest["where"]))
            parts += [f"{key} {_brief(value)}" for key, value in rest.items()]
            facts[f"{what} {number}"] = ", ".join(parts)
    return facts


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _print_classes(out: "Console", found: "Inspection") -> None:
    from rich.table import Table

    if not found.classes:
        return
    table = Table("class", title_justify="left")
    for name in ("label", "written"):
        table.add_column(name, justify="right")
    for name, label in found.record.classes.items():
        table.add_row(name, str(label), f"{found.classes.get(name, 0):,}")
    out.print(table)


def _print_drawn(out: "Console", found: "Inspection") -> None:
    from rich.table import Table

    if not found.drawn:
        return
    table = Table()
    for name in ("transform", "kernel", "parameter"):
        table.add_column(name, overflow="fold")
    for name in ("images", "least", "mean", "most"):
        table.add_column(name, justify="right")
    for (_, asked, kernel, parameter), stats in sorted(found.drawn.items()):
        values = (f"{value:.4g}" for value in (stats.least, stats.mean, stats.most))
        table.add_row(asked, kernel, parameter, f"{stats.count:,}", *values)
    out.print(table)


def _print_rejected(out: "Console", found: "Inspection") -> None:
    for row in found.first_rejected:
        where = f"sample {row['sample_id']}, {row['path']!r}"
        out.print(f"rejected: {where} at {row['stage']}: {row['error']}")
    more = found.rejected - len(found.first_rejected)
    if more > 0:
        out.print(f"… and {more:,} more in rejected.parquet")
