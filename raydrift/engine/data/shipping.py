"""Transforms that do not come with raydrift go to the workers with the job, code and all.

The source of their module or package travels, and a worker imports that. Classes of a script or a
notebook, and those whose file is not what Python loaded, are pickled by value instead. What their
modules import is looked for on the worker, and in the folder that they were loaded from, if that is
there.
"""

import os
import pickle
import sys
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from types import ModuleType
from typing import TYPE_CHECKING, Any

import ray
from ray import cloudpickle

from raydrift.augment.batches import WorkerMaker
from raydrift.errors import SettingsError, reason
from raydrift.transforms import DriftProfile, Transform
from raydrift.transforms.code import is_ours
from raydrift.transforms.sources import (
    Sources,
    folder_of,
    install,
    is_as_loaded,
    root_of,
    sources_of,
)

if TYPE_CHECKING:
    from raydrift.engine.data.shard_work import ShardJob
    from raydrift.engine.data.tasks import ShardTasks
    from raydrift.schedules.schedule import Schedule
    from raydrift.settings.generate import GenerateSettings


@dataclass(frozen=True)
class Packed:
    """A job, on its way to the workers.

    Attributes:
        content: The pickled job.
        sources: The source of its transforms' modules.
        folders: Where modules that those import may lie.
    """

    content: bytes
    sources: Sources
    folders: tuple[str, ...]


def with_transforms(job: "ShardJob", schedules: Iterable["Schedule"] = ()) -> "ShardJob":
    """The same job with all transforms at hand: a worker looks for no transform's module.

    Args:
        job: What workers are told.
        schedules: What happens to samples, beside the job's own schedule.
    """
    settings = job.settings
    all_of_them = [*schedules, *([job.schedule] if job.schedule is not None else [])]
    infos = [*settings.transforms, *(info for one in all_of_them for info in one.infos)]
    return replace(job, settings=replace(settings, profile=settings.profile.holding(infos)))


def without_transforms(tasks: "ShardTasks") -> "ShardTasks":
    """The same tasks without any transform's ranges, which they have no use for."""
    return replace(tasks, settings=replace(tasks.settings, profile=DriftProfile()))


def pack(value: Any) -> Any:
    """What workers are told, as bytes with the code of its transforms.

    Args:
        value: A job, a pipeline, or anything else, which stays as it is.

    Raises:
        SettingsError: What a transform uses cannot be sent.
    """
    held = (one for settings in _settings(value) for one in settings.profile.given.values())
    kinds = [kind for kind in dict.fromkeys(map(type, held)) if not is_ours(kind)]
    return _packed(value, kinds) if kinds else value


def fetched(reference: Any) -> Any:
    """What a reference that a stage was given stands for; None: nothing."""
    return None if reference is None else unpacked(ray.get(reference))


def unpacked(value: Any) -> Any:
    """What was packed, or a value that was not."""
    if not isinstance(value, Packed):
        return value
    install(value.sources)
    for folder in value.folders:
        if folder not in sys.path and os.path.isdir(folder):
            sys.path.append(folder)
    return pickle.loads(value.content)  # noqa: S301  (the driver's own)


def _packed(value: Any, kinds: Sequence[type[Transform]]) -> Packed:
    """A value as bytes, with the code of some classes of transforms."""
    roots = {kind: root for kind in kinds if (root := root_of(kind)) is not None}
    with_source = [kind for kind in roots if is_as_loaded(kind)]
    others = [root for kind, root in roots.items() if kind not in with_source]
    file = BytesIO()
    pickler: Any = _Pickler
    with _by_value(others):
        try:
            pickler(file).dump(value)
        except Exception as error:  # whatever an object of the user's raises
            names = ", ".join(kind.name for kind in kinds if kind not in with_source)
            if not names:
                raise
            raise SettingsError(
                f"transform {names} cannot be sent to the workers: {reason(error)}: move its class "
                "into a module of its own, or start Python again if that has changed"
            ) from error
    folders = {folder_of(root) for root in roots.values()}
    return Packed(file.getvalue(), sources_of(with_source), tuple(sorted(folders)))


@contextmanager
def _by_value(modules: Iterable[ModuleType]) -> Iterator[None]:
    known = cloudpickle.list_registry_pickle_by_value()
    new = [module for module in modules if module.__name__ not in known]
    for module in new:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in new:
            cloudpickle.unregister_pickle_by_value(module)


def _settings(value: Any) -> Iterator["GenerateSettings"]:
    """The settings of the jobs, and of the makers of a flow, in what workers are told."""
    from raydrift.engine.data.pipeline import Pipeline
    from raydrift.engine.data.shard_work import ShardJob
    from raydrift.settings.generate import GenerateSettings

    if isinstance(value, ShardJob | WorkerMaker):
        settings = getattr(value, "settings", None)
        if isinstance(settings, GenerateSettings):
            yield settings
    elif isinstance(value, Pipeline):
        for stage in value.stages:
            for argument in stage.arguments:
                yield from _settings(argument)


class _Pickler(cloudpickle.CloudPickler):
    """Takes the caches of ``functools`` by value too, empty: a notebook may have them."""

    dispatch_table = ChainMap(  # noqa: RUF012
        {type(lru_cache(str)): lambda one: (_cache, (one.__wrapped__, one.cache_parameters()))},
        cloudpickle.CloudPickler.dispatch_table,
    )


def _cache(function: Callable[..., Any], parameters: dict[str, Any]) -> Callable[..., Any]:
    cached: Callable[..., Any] = lru_cache(**parameters)(function)
    return cached
