"""``export.json``: what an export is, and how far it is; the same command goes on there."""

import json
import os
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any, Final

from raydrift.errors import OutputError
from raydrift.exports.layouts import Layout
from raydrift.exports.pictures import LOSSY
from raydrift.exports.run_rows import FinishedRun
from raydrift.paths import StoragePath, unfinished_of

EXPORT: Final = "export.json"

RUNNING: Final = "running"
COMPLETE: Final = "complete"


@dataclass
class Standing:
    """The content of ``export.json``.

    Attributes:
        run: The run, as it was called.
        fingerprint: SHA-256 of the run's identity and of the checksums of what it wrote.
        layout: ``folders`` or ``modelarts``.
        images: How many images there are to write.
        lossy: What an image loses; None: nothing.
        raydrift: The version that writes.
        status: ``running`` or ``complete``.
        written: How many images are there at least, the first ones.
        files: What there is besides images, in the order to look at it.
    """

    run: str
    fingerprint: str
    layout: str
    images: int
    lossy: str | None
    raydrift: str = field(default_factory=lambda: version("raydrift"))
    status: str = RUNNING
    written: int = 0
    files: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, run: FinishedRun, of_run: Layout) -> "Standing":
        """An export that has not begun."""
        lossy = LOSSY if of_run.is_lossy else None
        return cls(str(run.output), run.record.written_digest, of_run.name, len(run), lossy)

    def save(self, folder: StoragePath) -> None:
        """Writes ``export.json`` whole or not at all."""
        (folder / EXPORT).write_bytes(json.dumps(asdict(self), indent=2).encode() + b"\n")


def begin(run: FinishedRun, of_run: Layout, folder: StoragePath) -> Standing:
    """Looks at a folder, and begins an export there or goes on with it.

    Args:
        run: The run.
        of_run: How its files are called.
        folder: The folder, which is there.

    Raises:
        OutputError: It has other content.
    """
    new = Standing.of(run, of_run)
    found = _found(folder)
    if found is None:
        check_no_others(folder, run.output)
        new.save(folder)
        return new
    for name in ("fingerprint", "layout", "raydrift"):
        there, here = getattr(found, name), getattr(new, name)
        if there != here:
            if name == "fingerprint":
                name, there, here = "run", found.run, new.run
            told = f"{name} is {there} there and {here} here"
            told = told if there != here else "the run was made again since"
            raise OutputError(
                f"output {folder} holds another export ({told}): choose another folder, or delete "
                "it"
            )
    if found.status == RUNNING:
        _remove_unfinished(folder, run.output)
    return found


def check_no_others(folder: StoragePath, output: StoragePath) -> None:
    """Makes sure that an export can begin in a folder, or has.

    Args:
        folder: The folder, which need not be there.
        output: The folder of the run, which may be in it.

    Raises:
        OutputError: It has other content.
    """
    there = {one.base_name: one.path.rstrip("/") for one in folder.entries()}
    others = sorted(name for name, path in there.items() if path != output.path)
    if others and EXPORT not in there:
        raise OutputError(
            f"output {folder} holds {others[0]} of another origin: choose another folder"
        )


def _remove_unfinished(folder: StoragePath, output: StoragePath) -> None:
    """Deletes the files that a process was writing when it was killed; a store keeps none."""
    waiting = [folder.path] if folder.is_local else []
    while waiting:
        with os.scandir(waiting.pop()) as entries:  # there may be millions
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting += [entry.path] if entry.path != output.path else []
                elif unfinished_of(entry.name):
                    os.unlink(entry.path)


def _found(folder: StoragePath) -> Standing | None:
    place = folder / EXPORT
    if not place.is_file():
        return None
    try:
        told: dict[str, Any] = json.loads(place.read_bytes())
        return Standing(**told)
    except (ValueError, TypeError):
        raise OutputError(
            f"{place} is not of an export of raydrift: choose another folder, or delete the file"
        ) from None
