"""Transforms that do not come with raydrift go to the workers with the job, code and all.

Their classes, and what stands in their module or package, are pickled by value. What that imports
is looked for on the worker, and in the folder that the module was loaded from, if that is there.
"""

import os
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ray import cloudpickle

from raydrift.transforms import DriftProfile, TransformInfo

if TYPE_CHECKING:
    from raydrift.engine.data.pipeline import PipelineJob
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


def with_transforms(job: "PipelineJob") -> "PipelineJob":
    """The same job with all transforms at hand: a worker looks for no transform's module."""
    shard_job = job.shard_job
    settings = shard_job.settings
    schedules = [shard_job.schedule] if shard_job.schedule is not None else []
    schedules += job.twins.schedules if job.twins is not None else ()
    infos = [*settings.transforms, *(info for one in schedules for info in _transforms(one))]
    held = replace(settings, profile=settings.profile.holding(infos))
    return replace(job, shard_job=replace(shard_job, settings=held))


def without_transforms(tasks: "ShardTasks") -> "ShardTasks":
    """The same tasks without any transform's ranges, which they have no use for."""
    return replace(tasks, settings=replace(tasks.settings, profile=DriftProfile()))


def pack(job: "ShardJob") -> Packed:
    """A job as bytes that have the code of its transforms in them."""
    modules = _modules(job.settings.profile)
    with _by_value(modules):
        return Packed(cloudpickle.dumps(job), tuple(map(_folder, modules)))


def unpacked(value: Any) -> Any:
    """What was packed, or a value that was not."""
    if not isinstance(value, Packed):
        return value
    for folder in value.folders:
        if folder not in sys.path and os.path.isdir(folder):
            sys.path.append(folder)
    return pickle.loads(value.content)  # noqa: S301  (the driver's own)


@contextmanager
def code_included(job: "PipelineJob") -> Iterator[None]:
    """While this lasts, what is pickled of the job's transforms has their code in it."""
    with _by_value(_modules(job.shard_job.settings.profile)):
        yield


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
