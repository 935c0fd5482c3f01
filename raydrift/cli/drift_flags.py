"""The flags that place a drift on the timeline, of ``generate`` and ``plan`` alike."""

from typing import Annotated, Any

import typer

_PANEL = "Timeline"

Kind = Annotated[
    str | None,
    typer.Option(
        "--drift",
        metavar="KIND",
        help="The transforms are a drift on the timeline: abrupt, gradual, incremental, recurring "
        "or seasonal; several, filters and label shifts: in a TOML file.",
        show_default="every sample",
        rich_help_panel=_PANEL,
    ),
]
Start = Annotated[
    str | None,
    typer.Option(
        metavar="POSITION",
        help="Its begin: a sample (500), a fraction of the stream (0.5) or a date (2024-06-30).",
        show_default="0",
        rich_help_panel=_PANEL,
    ),
]
Until = Annotated[
    str | None,
    typer.Option(
        metavar="POSITION",
        help="Its end.",
        show_default="the stream's",
        rich_help_panel=_PANEL,
    ),
]
Width = Annotated[
    str | None,
    typer.Option(
        metavar="LENGTH",
        help="Over how long a gradual or incremental drift rises: 200 samples, 0.2 or 7d.",
        rich_help_panel=_PANEL,
    ),
]
Curve = Annotated[
    str | None,
    typer.Option(
        metavar="linear|sigmoid",
        help="How it rises.",
        show_default="linear",
        rich_help_panel=_PANEL,
    ),
]
Period = Annotated[
    str | None,
    typer.Option(
        metavar="LENGTH", help="Of a recurring or seasonal drift.", rich_help_panel=_PANEL
    ),
]
Phase = Annotated[
    str | None,
    typer.Option(
        metavar="LENGTH",
        help="How far into its period it begins; 0.25 is a quarter of it.",
        show_default="0",
        rich_help_panel=_PANEL,
    ),
]
Duty = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Of each period, in which a recurring drift is on.",
        show_default="0.5",
        rich_help_panel=_PANEL,
    ),
]


def drift_flags(
    transforms: list[str] | None,
    kind: str | None,
    profile: str | None = None,
    **placed: str | float | None,
) -> dict[str, Any]:
    """What the flags say of ``transforms`` or, with a kind, of ``drift``; None: nothing.

    Without transforms a drift has those of the profile.

    Raises:
        SettingsError: A drift has neither, or is placed but has no kind.
    """
    from raydrift.errors import SettingsError

    given = {name: value for name, value in placed.items() if value is not None}
    if kind is None:
        if given:
            raise SettingsError(f"--{next(iter(given))} is of a drift: add --drift gradual")
        return {"transforms": transforms or None}
    if not transforms and profile is None:
        raise SettingsError("--drift needs a transform: add -t default:0.7, or a --profile")
    drift = {"kind": kind} | {name: _number(value) for name, value in given.items()}
    return {"drift": [drift | ({"transforms": transforms} if transforms else {})]}


def _number(text: str | float) -> str | int | float:
    """A flag's number as one: ``500`` is a sample, ``0.5`` a fraction; else the text."""
    for kind in (int, float):
        try:
            return kind(text) if isinstance(text, str) else text
        except ValueError:
            continue
    return text
