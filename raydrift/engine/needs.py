"""What transforms need of the processes that apply them."""

from collections.abc import Iterable

from raydrift.schedules.schedule import Schedule
from raydrift.settings.generate import GenerateSettings
from raydrift.transforms.transform import GPU


def transforms_on_gpu(settings: GenerateSettings, schedules: Iterable[Schedule]) -> list[str]:
    """The transforms of a run that need a GPU; each worker that drifts is given one for them.

    Args:
        settings: The run's settings, for the ranges of its transforms.
        schedules: What happens to its samples.
    """
    infos = [info for schedule in schedules for info in schedule.infos]
    transforms = settings.profile.holding(infos).given.values()
    return [transform.name for transform in transforms if GPU in transform.needs.split()]
