"""How fast flows are: on one core in turns with Keras, and with workers."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from statistics import median
from typing import Any, Final, Self

from rich.table import Table
from rich.text import Text

from raydrift.bench.tables import MedianAndRange, new_table
from raydrift.catalog import load_catalog
from raydrift.errors import PipelineError
from raydrift.settings.image import ImageSettings
from raydrift.text import plural

KERAS: Final = "Keras 3"
EQUAL: Final = "ours, same pixels"
SCALED: Final = "ours, own decoder"

_GEOMETRY: Final[Mapping[str, Any]] = {
    "rotation_range": 20,
    "width_shift_range": 0.1,
    "height_shift_range": 0.1,
    "zoom_range": 0.2,
    "horizontal_flip": True,
}
SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "a": {},
    "b": _GEOMETRY,
    "c": {
        **_GEOMETRY,
        "shear_range": 10,
        "vertical_flip": True,
        "channel_shift_range": 20,
        "brightness_range": (0.7, 1.3),
        "rescale": 1 / 255,
        "samplewise_center": True,
        "samplewise_std_normalization": True,
    },
}
"""What is timed: a: nothing is done to images; b: rotation, shifts, zoom, flip; c: all there is."""

_LEGEND: Final = (
    "a: images as they are; b: rotation, shifts, zoom, flip; c: also shear, levels, standardized"
)
_OURS: Final = "raydrift.flows:ImageDataGenerator"
_KERAS: Final = "keras.src.legacy.preprocessing.image:ImageDataGenerator"
_BATCH: Final = 32


@dataclass(frozen=True)
class FlowFigures:
    """What several rounds gave.

    Attributes:
        rounds: How many.
        one_core: By setting and program, images a second of CPU time in this process.
        ratios: By setting and program of ours, that by Keras': the ratio of the medians, and the
            least and the most of a single round. Empty without Keras.
        workers: By number of workers, in setting b: seconds to the first batch, and images a
            second by the clock. 0: this process.
        missing: Why there is no Keras; empty: there is.
    """

    rounds: int
    one_core: dict[str, dict[str, MedianAndRange]]
    ratios: dict[str, dict[str, MedianAndRange]]
    workers: dict[int, dict[str, MedianAndRange]]
    missing: str
    what: str = "flows"

    def table(self) -> Table:
        """The figures as people read them."""
        table = new_table(f"medians of {self.rounds} rounds (least to most)")
        for name in ("", "on one core", "images/s", "by Keras'", "first batch, s"):
            table.add_column(name, justify="left" if name == "on one core" else "right")
        for setting, programs in self.one_core.items():
            for name, rate in programs.items():
                ratio = self.ratios.get(setting, {}).get(name)
                table.add_row(setting, name, rate.shown(0), ratio.shown(2) if ratio else "", "")
        table.add_section()
        for count, figures in self.workers.items():
            where = f"by the clock, {plural(count, 'worker')}" if count else "by the clock"
            rate, first = figures["by_clock"], figures["first_s"]
            table.add_row("b", where, rate.shown(0), "", first.shown(1))
        table.caption = Text(self.missing or _LEGEND)
        return table


def measure_flows(folder: str, image: ImageSettings, workers: int, rounds: int) -> FlowFigures:
    """Times flows of class folders in turns: ours, and Keras' where it is installed.

    Args:
        folder: The images.
        image: The size of images in batches.
        workers: Up to how many workers are tried.
        rounds: How often.

    Raises:
        CatalogError: There are no images.
        PipelineError: A process that was timed failed.
    """
    load_catalog(folder)
    missing = "" if find_spec("keras") else f"{KERAS} is not installed: pip install keras torch"
    programs: dict[str, tuple[str, dict[str, Any]]] = {
        **({} if missing else {KERAS: (_KERAS, {})}),
        EQUAL: (_OURS, {"compat": "keras3", "draws": "keras", "workers": 0}),
        SCALED: (_OURS, {"decode": "raydrift", "workers": 0}),
    }
    rates: dict[str, dict[str, list[float]]] = {
        setting: {name: [] for name in programs} for setting in SETTINGS
    }
    counts = [0, *(2**power for power in range(workers.bit_length()) if 2**power <= workers)]
    spread: dict[int, dict[str, list[float]]] = {
        count: {"by_clock": [], "first_s": []} for count in counts
    }
    with ExitStack() as stack:
        children = {
            kind: stack.enter_context(_Child(kind, folder, image))
            for kind in dict.fromkeys(kind for kind, _ in programs.values())
        }
        for _ in range(rounds):
            for setting, told in SETTINGS.items():
                for name, (kind, more) in programs.items():
                    found = children[kind].timed({**told, **more})
                    rates[setting][name].append(found["by_cpu"])
            for count in counts:
                more = {"decode": "raydrift", "workers": count}
                found = children[_OURS].timed({**SETTINGS["b"], **more})
                for key, readings in spread[count].items():
                    readings.append(found[key])
    return FlowFigures(
        rounds,
        {one: {name: MedianAndRange.of(r) for name, r in of.items()} for one, of in rates.items()},
        {} if missing else {one: _ratios(of) for one, of in rates.items()},
        {
            count: {name: MedianAndRange.of(r) for name, r in of.items()}
            for count, of in spread.items()
        },
        missing,
    )


def _ratios(rates: Mapping[str, list[float]]) -> dict[str, MedianAndRange]:
    theirs = rates[KERAS]
    found = {}
    for name, ours in rates.items():
        if name != KERAS:
            single = [one / other for one, other in zip(ours, theirs, strict=True)]
            found[name] = MedianAndRange(median(ours) / median(theirs), min(single), max(single))
    return found


class _Child:
    """A process that times flows of one generator."""

    def __init__(self, generator: str, folder: str, image: ImageSettings) -> None:
        self._name = generator
        sizes = [str(image.height), str(image.width), str(_BATCH)]
        alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "KERAS_BACKEND": "torch"}
        self._process = subprocess.Popen(  # noqa: S603  (ourselves)
            [sys.executable, "-m", "raydrift.bench.flow_child", generator, folder, *sizes],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **alone},
        )

    def __enter__(self) -> Self:
        self._answer()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def timed(self, settings: Mapping[str, Any]) -> dict[str, float]:
        """The figures of a flow of a generator with some settings."""
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(settings) + "\n")
            self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, float]:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise PipelineError(
                f"{self._name} could not be timed: run python -m raydrift.bench.flow_child "
                f"{self._name} FOLDER 224 224 32 and give it a line {{}}"
            )
        answer: dict[str, float] = json.loads(line)
        return answer
