"""The search for the camera that harms a model most, of one part at one level."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from raydrift import seeds
from raydrift.catalog import Catalog
from raydrift.drift.camera.box import Box
from raydrift.drift.camera.fixed import with_fixed
from raydrift.drift.camera.raw import scaled_raw
from raydrift.drift.camera.twin import Twin
from raydrift.engine.data.run_images import RunImages, SomeImages
from raydrift.engine.data.shard_work import ShardJob, put_drifted
from raydrift.errors import SettingsError
from raydrift.images.pixels import RGB, Array
from raydrift.schedules.schedule import Schedule
from raydrift.settings.forensics import SearchSettings
from raydrift.tasks.harm import Harm, HarmCount
from raydrift.transforms import TransformInfo

if TYPE_CHECKING:
    from raydrift.tasks.objective import Objective

Camera = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """A part of the camera at a level.

    Attributes:
        part: The name of a transform, or ``all``.
        level: How far from the reference the camera may be.
        infos: What ``generate`` does with it.
    """

    part: str
    level: float
    infos: tuple[TransformInfo, ...]


@dataclass(frozen=True)
class SearchJob:
    """What a worker that searches is told, beside the run.

    Search 0 is of the originals, search n of cell n - 1.

    Attributes:
        catalog: The input.
        samples: How many samples the run has.
        cells: What is searched.
        search: How.
    """

    catalog: Catalog
    samples: int
    cells: tuple[Cell, ...]
    search: SearchSettings


@dataclass(frozen=True)
class Worst:
    """The worst camera of a cell.

    Attributes:
        camera: Its parameters.
        harm: What it leaves of the model.
        drawn: What drift leaves that is drawn for each image.
        samples: The images that were measured.
        of_pixels: Whether the model answers for each pixel.
        tried: How many cameras were measured.
    """

    camera: Camera
    harm: Harm
    drawn: Harm
    samples: int
    of_pixels: bool
    tried: int


class CameraSearch:
    """Searches cells, one after the other.

    Args:
        job: The run.
        search: How.
        images: The run's.
        objective: What is climbed.
    """

    def __init__(
        self, job: ShardJob, search: SearchSettings, images: RunImages, objective: "Objective"
    ) -> None:
        self._job, self._search = job, search
        self._images, self._objective = images, objective

    def worst(self, cell: Cell) -> Worst | None:
        """The camera of a cell that leaves least of the model, of those that a climb ends at.

        None: no image can be used. All that is drawn is keyed by the seed, the part, the level and
        the number of the climb.

        Raises:
            SettingsError: Raw files are of another size than the run's pictures.
            TaskError: The model fails, or has no gradient.
        """
        box = Box.of(cell.infos, self._job.settings.profile)
        found: dict[str, Camera] = {}
        for camera in self._climbed(cell, box):
            found.setdefault(json.dumps(camera), camera)
        cameras = list(found.values())
        drawn, *counts = self._measured(cell, box, [None, *cameras])
        if not drawn.samples:
            return None
        harms = [count.harm for count in counts]
        place = max(range(len(harms)), key=lambda one: harms[one].order)
        return Worst(
            cameras[place],
            harms[place],
            drawn.harm,
            drawn.samples,
            drawn.is_of_pixels,
            len(cameras),
        )

    def _climbed(self, cell: Cell, box: Box) -> Iterator[Camera]:
        from raydrift.tasks.climbing import climb, nudged

        search = self._search
        names, values = list(box.choices), list(product(*box.choices.values()))
        for restart, choice in product(range(search.restarts), range(len(values))):
            rng = _generator(self._job.settings.seed, cell, restart, choice)
            start = nudged(box, rng) if restart == 0 else box.drawn(rng)
            start |= dict(zip(names, values[choice], strict=True))
            yield climb(
                box,
                start,
                # The error is nearer to accuracy, the loss has a slope where the error is flat.
                partial(self._glance, box, rng, error=restart % 2 == 0),
                steps=search.steps,
                step=search.step,
            )

    def _glance(self, box: Box, rng: np.random.Generator, error: bool) -> Any:
        """Some images, which a step of a climb looks at; None: none of them can be used."""
        count = min(self._search.batch_size, len(self._images))
        places = rng.choice(len(self._images), count, replace=False, shuffle=False)
        some = self._images.some(sorted(places.tolist()))
        if not len(some):
            return None
        masks = some.images.masks
        return self._objective.glance(self._twin(box, some), some.labels, masks, error)

    def _twin(self, box: Box, some: SomeImages) -> Twin:
        settings, images = self._job.settings, some.images
        if settings.raw is None or images.mosaics is None:
            return Twin.of_photos(box, images.pixels, settings.profile.setup("camera"))
        raw, half = settings.raw, settings.raw.read == "half"
        scaled = [scaled_raw(mosaic, raw) for mosaic in some.images.samples]
        wanted = images.pixels.shape[1:3]
        for (values, _), mosaic, path in zip(
            scaled, some.images.samples, some.tasks["source_path"].to_pylist(), strict=True
        ):
            size = tuple(side // 2 for side in values.shape) if half else values.shape
            if size != wanted or mosaic.facts["orientation"] != 1:
                turned = ", to be turned" if mosaic.facts["orientation"] != 1 else ""
                raise SettingsError(
                    f"{path}: its picture is {size[0]} x {size[1]}{turned}, and image.height and "
                    f"width are {wanted[0]} x {wanted[1]}: slopes do not go through resizing: give "
                    'the files\' own size, or raw.read = "tile" with tiles of that size'
                )
        return Twin.of_raws(box, *zip(*scaled, strict=True), half=half)

    def _measured(self, cell: Cell, box: Box, cameras: Sequence[Camera | None]) -> list[HarmCount]:
        """What cameras leave of the model on all images; None: each image draws its own."""
        jobs = [self._drifting(cell, camera) for camera in cameras]
        reference = self._drifting(cell, box.neutral())
        found = [HarmCount() for _ in jobs]
        for some in self._images.batches(self._search.batch_size):
            if not len(some):
                continue
            copies = np.empty_like(some.images.pixels)
            masks = None if some.images.masks is None else np.empty_like(some.images.masks)
            before = None
            if self._objective.has_penalty:
                put_drifted(reference, some.tasks, some.images.samples, copies, masks)
                before = copies.copy()
            for job, count in zip(jobs, found, strict=True):
                put_drifted(job, some.tasks, some.images.samples, copies, masks)
                self._objective.count(count, copies, some.labels, masks, before)
        return found

    def _drifting(self, cell: Cell, camera: Camera | None) -> ShardJob:
        """The run as ``generate`` makes it with a cell's transforms, of one camera or of many."""
        settings = self._job.settings
        if camera is not None:
            settings = replace(settings, profile=with_fixed(settings.profile, camera))
        return replace(self._job, settings=settings, schedule=Schedule(settings.seed, cell.infos))


def originals_of(
    images: RunImages, objective: "Objective", size: int, see: Callable[[SomeImages], None]
) -> HarmCount:
    """What the model says of the images as they are.

    Args:
        images: The run's.
        objective: Asks the model.
        size: Images at a time.
        see: Is given each batch, of whose images none may be usable.
    """
    found = HarmCount()
    for some in images.batches(size):
        see(some)
        if len(some):
            pixels: RGB = some.images.pixels
            masks: Array | None = some.images.masks
            objective.count(found, pixels, some.labels, masks, pixels)
    return found


def _generator(seed: int, cell: Cell, restart: int, choice: int) -> np.random.Generator:
    text = f"{cell.part}:{cell.level!r}:{restart}:{choice}"
    number = int.from_bytes(sha256(text.encode()).digest()[:8])
    return seeds.generator(seed, seeds.SEARCHES, number)
