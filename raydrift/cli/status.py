"""``raydrift status``: how far a run is, asked from another terminal or machine."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from raydrift.report.status import RunStatus

# What is said of a run that is not complete and that nobody is at work on, by its record's status.
_LEFT = {
    "running": "interrupted; the same command goes on",
    "sharded": "sharded; raydrift finalize merges the shards",
}


def status(
    output: Annotated[str, typer.Argument(help="The output folder of a run.")],
    config: Annotated[
        str | None, typer.Option(metavar="FILE.toml", help="Whose storage_options are used.")
    ] = None,
) -> None:
    """Show how far a run or a training is: images, speed, who is at work. Needs no Ray."""
    from raydrift.cli.settings import output_place
    from raydrift.report.status import find_starter, run_status
    from raydrift.report.training_status import training_status
    from raydrift.storage import layout

    place = output_place(output, config)
    training = training_status(place)
    has_run = (place / layout.RUN).is_file()
    if training is not None and (training.is_under_way or not has_run):
        _print(str(place), training.facts())
        return
    evaluating = place / layout.EVALUATING
    if not has_run and (evaluating / layout.RUN).is_file():
        place = evaluating
    starter = find_starter(place)
    if starter is None:
        facts = _facts(run_status(place))
    else:
        waits = "starting: it may wait for workers; no shard was begun"
        status = "interrupted; no shard was begun" if starter.dead else waits
        facts = {"run": "none yet", "status": status, "at work": str(starter)}
    _print(str(place), facts)
    if training is not None:
        _print(f"{place}/{layout.TRAINED}", training.facts())


def _print(title: str, facts: dict[str, str]) -> None:
    from raydrift.cli.console import console

    out = console()
    out.print(title, style="bold")
    width = max(map(len, facts))
    for name, fact in facts.items():
        out.print(f"  {name:<{width}}  {fact}")


def _facts(found: "RunStatus") -> dict[str, str]:
    from datetime import timedelta

    record = found.record
    share = 100 * found.asked // max(record.samples, 1)
    facts = {
        "run": record.short_id,
        "status": _LEFT.get(record.status, record.status) if found.idle else record.status,
        "at work": str(found.holder) if found.holder is not None else "nobody",
        "shards": f"{found.shards:,} of {record.shards:,}",
        "images": f"{found.asked:,} of {record.samples:,} ({share} %)",
        "written": f"{found.written:,}",
        "rejected": f"{found.rejected:,}",
    }
    if found.rate is not None:
        facts["speed"] = f"{found.rate:,.1f} images/s, pauses left out"
    if found.seconds_left is not None:
        facts["left"] = f"{timedelta(seconds=round(found.seconds_left))} at that speed"
    spent = sum(found.stage_seconds.values())
    if spent:
        facts["time"] = ", ".join(
            f"{stage} {100 * seconds / spent:.0f} %"
            for stage, seconds in found.stage_seconds.items()
            if seconds
        )
    if found.slowest is not None and found.median_seconds is not None:
        slow = found.slowest
        facts["slowest"] = (
            f"shard {slow['shard']}, {slow['seconds']:.1f} s on {slow['worker']}; "
            f"half of them take {found.median_seconds:.1f} s at most"
        )
    return facts
