"""Transforms that do not come with raydrift go to the workers with the job, code and all.

Their classes, and what stands in their module or package, are pickled by value. What that imports
is looked for on the worker, and in the folder that the module was loaded from, if that is there.
"""

import os
import pickle
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import ray
from ray import cloudpickle

from raydrift.transforms import DriftProfile, TransformInfo

if TYPE_CHECKING:
    from raydrift.engine.data.shard_work import ShardJob
    from raydrift.engine.data.tasks import ShardTasks
    from raydrift.schedules.schedule import Schedule

_PACKAGE = __name__.partition(".")[0]
_HERE = "__main__"  # which pickles by value as it is


@dataclass(frozen=True)
class Packed:
    """What workers are told, and where modules that it needs may lie."""

    content: bytes
    folders: tuple[str, ...]


def with_transforms(job: "ShardJob", schedules: Iterable["Schedule"] = ()) -> "ShardJob":
    """The same job with all transforms at hand: a worker looks for no transform's module.

    Args:
        job: What workers are told.
        schedules: What happens to samples, beside the job's own schedule.
    """
    settings = job.settings
    all_of_them = [*schedules, *([job.schedule] if job.schedule is not None else [])]
    infos = [*settings.transforms, *(info for one in all_of_them for info in _transforms(one))]
    return replace(job, settings=replace(settings, profile=settings.profile.holding(infos)))


def without_transforms(tasks: "ShardTasks") -> "ShardTasks":
    """The same tasks without any transform's ranges, which they have no use for."""
    return replace(tasks, settings=replace(tasks.settings, profile=DriftProfile()))


def pack(value: Any) -> Any:
    """What workers are told, as bytes that have the code of its transforms in them.

    Args:
        value: A job, a pipeline, or anything else, which stays as it is.
    """
    modules = sorted(
        {one for job in _jobs(value) for one in _modules(job.settings.profile)}, key=str
    )
    if not modules:
        return value
    with _by_value(modules):
        return Packed(cloudpickle.dumps(value), tuple(map(_folder, modules)))


def told(reference: Any) -> Any:
    """What a reference that a stage was given stands for; None: nothing."""
    if reference is None:
        return None
    value = ray.get(reference)
    if not isinstance(value, Packed):
        return value
    for folder in value.folders:
        if folder not in sys.path and os.path.isdir(folder):
            sys.path.append(folder)
    return pickle.loads(value.content)  # noqa: S301  (the driver's own)


@contextmanager
def _by_value(modules: list[ModuleType]) -> Iterator[None]:
    known = cloudpickle.list_registry_pickle_by_value()
    new = [module for module in modules if module.__name__ not in known]
    for module in new:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in new:
            cloudpickle.unregister_pickle_by_value(module)


def _jobs(value: Any) -> Iterator["ShardJob"]:
    """The jobs in what workers are told."""
    from raydrift.engine.data.pipeline import Pipeline
    from raydrift.engine.data.shard_work import ShardJob

    if isinstance(value, ShardJob):
        yield value
    elif isinstance(value, Pipeline):
        for stage in value.stages:
            for argument in stage.arguments:
                yield from _jobs(argument)


def _modules(profile: DriftProfile) -> list[ModuleType]:
    """The modules and packages that the transforms at hand are from, raydrift left out."""
    names = {type(one).__module__.partition(".")[0] for one in profile.given.values()}
    return [sys.modules[name] for name in sorted(names - {_PACKAGE, _HERE}) if name in sys.modules]


def _folder(module: ModuleType) -> str:
    file = Path(module.__file__ or "").absolute()
    return str(file.parents[1] if file.name == "__init__.py" else file.parent)


def _transforms(schedule: "Schedule") -> Iterator[TransformInfo]:
    yield from schedule.transforms
    for placed in schedule.drifts:
        yield from placed.drift.transforms
