"""Runs in processes of their own, so that they can be held up, killed and starved.

An album is a manifest of 288 small images in order: 24 shards of 12. Five of the images are none.
A gate is an image that is a pipe: whoever reads it waits there, in the midst of a shard, until the
test lets it pass.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Self, TypeVar

import pyarrow.parquet as pq

BIN = Path(sys.executable).parent
SHARDS, SHARD_SIZE = 24, 12
SHARD_FILES = [
    "accepted.arrow",
    *(f"part-{i:08d}.{suffix}" for i in range(SHARDS) for suffix in ("json", "parquet")),
]
"""What is in ``_shards/`` after a run, without the names of attempts."""
SPOILED = (40, 100, 130, 131, 250)
"""Sample ids of the images that are none: in shards 3, 8, 10 (two) and 20."""

CONFIG = f"""
shuffle = false
transforms = ["rotate:0.3", "gaussian_noise:0.2"]
image = {{ height = 64, width = 64 }}
embedding = {{ weights = "random", batch_size = {SHARD_SIZE} }}
write = {{ shard_size = {SHARD_SIZE} }}
"""

PROGRESS = re.compile(r"input: [\d,]+ classes, |[\d,]+ of [\d,]+ images \(\d+ %\) · ")

Found = TypeVar("Found")


def write_album(folder: Path, scenes: Path, spoiled: bytes = b"") -> Path:
    """Makes a folder with images 000.jpg to 287.jpg, links to scenes, and their manifest."""
    folder.mkdir()
    sources = sorted(scenes.glob("*/*.jpg"))
    rows = ["path,class"]
    for number in range(SHARDS * SHARD_SIZE):
        image, source = folder / f"{number:03d}.jpg", sources[number % len(sources)]
        if number in SPOILED:
            image.write_bytes(spoiled)
        else:
            image.hardlink_to(source)
        rows.append(f"{image.name},{source.parent.name}")
    (folder / "album.csv").write_text("\n".join(rows))
    return folder


def contents(output: Path) -> dict[str, Any]:
    """All that is in an output folder, by name, as far as equal runs have it in common."""
    return {path.name: _content(path) for path in output.iterdir()}


def without_embeddings(found: dict[str, Any]) -> dict[str, Any]:
    """The contents of the same run, had it not embedded its images."""
    return {name: content for name, content in found.items() if name != "embeddings.parquet"}


def _content(path: Path) -> Any:
    if path.is_dir():
        return sorted(re.sub(r"-[0-9a-f]{8}\.", ".", file.name) for file in path.iterdir())
    if path.suffix == ".parquet":
        return pq.read_table(path)
    if path.suffix == ".zip":
        return sha256(path.read_bytes()).hexdigest()
    record = json.loads(path.read_bytes())
    return record["status"], record["counts"]


def until(condition: Callable[[], Found | None], what: str, seconds: float = 120) -> Found:
    """Waits for something, and returns it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.002)
    return found


class Processes:
    """A process in a session of its own, with all that it starts; none outlives the block."""

    def __init__(
        self, *command: str | Path, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.log = log
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            # A shell's background job, as the tests may be, ignores Ctrl-C, and all below it would.
            signal.signal(signal.SIGINT, signal.default_int_handler)
        inherited = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
        with log.open("w") as file:
            self.main = subprocess.Popen(
                [str(part) for part in command],
                env=inherited | (environment or {}),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for pid in self.alive():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.main.communicate()

    def alive(self) -> list[int]:
        """The process ids of the whole session."""
        return [pid for pid in _processes() if _session(pid) == self.main.pid]

    def titled(self, text: str) -> list[int]:
        """Those of them whose command line is just this."""
        return [pid for pid in self.alive() if title(pid) == text]

    def wait(self, seconds: float = 180) -> int:
        """Waits until the main process ends; its exit status."""
        return self.main.wait(seconds)

    def said(self) -> list[str]:
        """What came on standard error, but for the input and progress."""
        return [line for line in self.log.read_text().splitlines() if not PROGRESS.match(line)]


class Run(Processes):
    """``raydrift generate`` of an album, at work."""

    def __init__(
        self,
        album: Path,
        output: Path,
        *options: str,
        cluster: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.output = output
        config = album / "config.toml"
        config.write_text(f"{CONFIG}cluster = {{ {cluster} }}\n")
        command = [BIN / "raydrift", "generate", album / "album.csv", output]
        log = album.with_name(f"{output.name}.log")
        super().__init__(*command, "--config", config, *options, log=log, environment=environment)

    def committed(self) -> dict[str, tuple[int, int]]:
        """The shards that are done: inode and time of writing of their ledger entries."""
        return committed(self.output)


def committed(output: Path) -> dict[str, tuple[int, int]]:
    """The shards that are done: inode and time of writing of their ledger entries.

    Of several attempts at one, as a worker that outlived its driver may make, the first.
    """
    done: dict[str, tuple[int, int]] = {}
    entries = [(path.stat(), path) for path in output.glob("_shards/part-*.json")]
    for status, path in sorted(entries, key=lambda entry: entry[0].st_mtime_ns):
        shard = path.name.rpartition("-")[0]
        done.setdefault(shard, (status.st_ino, status.st_mtime_ns))
    return done


def finish(album: Path, output: Path, *options: str, **values: Any) -> list[str]:
    """Gives the command, which has to succeed; what it said on standard error but for progress."""
    with Run(album, output, *options, **values) as run:
        assert run.wait() == 0, run.log.read_text()
        return run.said()


class Gate:
    """An image of an album, in the midst of a shard, that nobody reads to its end."""

    def __init__(self, album: Path, shard: int) -> None:
        self._image = album / f"{shard * SHARD_SIZE + 5:03d}.jpg"
        self._content = self._image.read_bytes()
        self._image.unlink()
        os.mkfifo(self._image)
        self._pipe = -1

    def reader(self, run: Processes) -> int:
        """Waits until a worker of a run is in the midst of the shard; its process id."""
        until(lambda: self._entered(run), f"a reader of {self._image}")
        return until(lambda: next(self.readers(run), 0), f"who reads {self._image}")

    def wait(self) -> None:
        """Waits until somebody is in the midst of the shard."""
        until(self._read, f"a reader of {self._image}")

    def readers(self, run: Processes) -> Iterator[int]:
        """The processes of a run that are in the midst of the shard."""
        for pid in run.alive():
            with suppress(OSError):
                files = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]
                if str(self._image) in files:
                    yield pid

    def open(self) -> None:
        """Puts the image back, for who waits and for all to come."""
        whole = self._image.with_suffix(".whole")
        whole.write_bytes(self._content)
        whole.replace(self._image)
        with suppress(BrokenPipeError):  # the reader was killed
            os.write(self._pipe, self._content)
        os.close(self._pipe)

    def _entered(self, run: Processes) -> bool:
        assert run.main.poll() is None, run.log.read_text()
        return self._read()

    def _read(self) -> bool:
        with suppress(OSError):  # as long as nobody reads
            self._pipe = os.open(self._image, os.O_WRONLY | os.O_NONBLOCK)
        return self._pipe >= 0


def parent(pid: int) -> int:
    """The process that started another."""
    return int(_stat(pid)[1])


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _session(pid: int) -> int:
    return int(_stat(pid)[3])


def title(pid: int) -> str:
    """The command line of a process; Ray's say there what they do."""
    with suppress(OSError):
        line = Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
        return line.replace("\0", " ").strip()
    return ""


def _stat(pid: int) -> list[str]:
    """State, parent, group, session, … of a process; zombies and the gone are nobody's."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if fields[0] != "Z":
            return fields
    return ["", "0", "0", "0"]
