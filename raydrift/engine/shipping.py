"""Transforms that do not come with raydrift go to the workers with the job, code and all."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ray import cloudpickle

from raydrift.transforms import Transform, TransformInfo

if TYPE_CHECKING:
    from raydrift.engine.pipeline import PipelineJob
    from raydrift.schedules.schedule import Schedule

_PACKAGE = __name__.partition(".")[0]
_HERE = "__main__"  # which pickles by value as it is


def with_transforms(job: "PipelineJob") -> "PipelineJob":
    """The same job with all transforms at hand: a worker looks for no module."""
    shard_job = job.shard_job
    settings = shard_job.settings
    schedules = [shard_job.schedule] if shard_job.schedule is not None else []
    schedules += job.twins.schedules if job.twins is not None else ()
    infos = [*settings.transforms, *(info for one in schedules for info in _transforms(one))]
    held = replace(settings, profile=settings.profile.holding(infos))
    return replace(job, shard_job=replace(shard_job, settings=held))


@contextmanager
def code_included(job: "PipelineJob") -> Iterator[None]:
    """While this lasts, what is pickled of the job's transforms has their code in it."""
    transforms: list[Transform] = list(job.shard_job.settings.profile.given.values())
    names = {type(transform).__module__.partition(".")[0] for transform in transforms}
    modules = [sys.modules[name] for name in names - {_PACKAGE, _HERE} if name in sys.modules]
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)


def _transforms(schedule: "Schedule") -> Iterator[TransformInfo]:
    yield from schedule.transforms
    for placed in schedule.drifts:
        yield from placed.drift.transforms
