"""A finished run as loose files; an export that was stopped goes on where it was."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Final

from raydrift.errors import OutputError, SettingsError, reason, suggest
from raydrift.exports.gan_files import write_gan_files
from raydrift.exports.layouts import LAYOUTS, Layout
from raydrift.exports.listings import write_listing
from raydrift.exports.run_rows import FinishedRun, RunRow
from raydrift.exports.standing import COMPLETE, Standing, begin
from raydrift.paths import StoragePath, Sync, redacted
from raydrift.storage.output import failing_as_output, made_folder
from raydrift.storage.parallel_map import in_threads

Told = Callable[[int, int], object]
"""Is told how many images are written, and of how many."""

_THREADS: Final = 8
_THREADS_REMOTE: Final = 32  # where each image is a request
_SAVED_EVERY: Final = 1000


def export_run(
    output: StoragePath, folder: StoragePath, name: str, told: Told = lambda *_: None
) -> list[str]:
    """Writes the images of a finished run as files, and a file that lists them.

    The run is not changed. The same call again finishes what was stopped, and does nothing where
    all is there.

    Args:
        output: The run's folder.
        folder: The folder to write; it is made, or empty, or holds this very export.
        name: The layout: ``folders`` or ``modelarts``.
        told: Is told how far it is.

    Returns:
        The paths in the folder of what there is besides images; the list of images comes first.

    Raises:
        SettingsError: There is no such layout.
        OutputError: There is no finished run with images, or the folder has other content, is in
            the run's, or cannot be written.
    """
    if name not in LAYOUTS:
        raise SettingsError(f"layout is {name!r}: {suggest(name, LAYOUTS)}")
    if f"{folder.path}/".startswith(f"{output.path}/"):
        raise OutputError(f"output {folder} is in the run: choose another folder")
    run = FinishedRun(output)
    of_run = LAYOUTS[name](run)
    with failing_as_output(folder), made_folder(folder):
        standing = begin(run, of_run, folder)
        if standing.status == COMPLETE:
            return standing.files
        _write_images(run, of_run, folder, standing, told)
        write_listing(run, of_run, folder)
        models = write_gan_files(run, folder) if of_run.is_lossy else []
        standing.status, standing.files = COMPLETE, [of_run.listing, *models]
        standing.save(folder)
    return standing.files


@dataclass(frozen=True)
class _Writer:
    """Writes the files of a sample."""

    run: FinishedRun
    of_run: Layout
    folder: StoragePath

    def __call__(self, row: RunRow) -> None:
        try:
            png = self.run.images.png(row.place)
            mask = None if self.run.masks is None else self.run.masks.png(row.place)
        except OSError as error:
            why = redacted(reason(error))
            raise OutputError(
                f"{self.run.output}: image {row.sample_id} cannot be read: {why}"
            ) from None
        self._write(self.of_run.image(row), self.of_run.encode(png))
        if mask is not None and self.of_run.mask is not None:
            self._write(self.of_run.mask(row), mask)

    def _write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content, Sync.BYTES)


def _write_images(
    run: FinishedRun, of_run: Layout, folder: StoragePath, standing: Standing, told: Told
) -> None:
    threads = _THREADS if folder.is_local and run.output.is_local else _THREADS_REMOTE
    rows = _with_folders(islice(run.rows(), standing.written, None), of_run, folder)
    with closing(in_threads(_Writer(run, of_run, folder), rows, threads)) as done:
        for _ in done:
            standing.written += 1
            if standing.written % _SAVED_EVERY == 0:
                standing.save(folder)
            told(standing.written, standing.images)


def _with_folders(rows: Iterator[RunRow], of_run: Layout, folder: StoragePath) -> Iterator[RunRow]:
    """The rows, each once the folders of its files are there."""
    made = set[str]()
    for row in rows:
        names = [of_run.image(row)] + ([] if of_run.mask is None else [of_run.mask(row)])
        for name in names:
            inside = name.rpartition("/")[0]
            if inside not in made:
                (folder / inside).create()
                made.add(inside)
        yield row
