"""What transforms need of the machines that a run is on, checked before it starts."""

from collections.abc import Iterable

from raydrift.engine.session import free_resources
from raydrift.errors import ResourcesError
from raydrift.schedules.schedule import Schedule
from raydrift.settings.generate import GenerateSettings
from raydrift.transforms.transform import GPU


def check_needs(settings: GenerateSettings, schedules: Iterable[Schedule]) -> None:
    """Makes sure that the transforms of a run can be given what they need; Ray is connected.

    Raises:
        ResourcesError: One needs a GPU, which no worker that drifts images is given yet.
    """
    infos = [info for schedule in schedules for info in schedule.infos]
    for transform in settings.profile.holding(infos).given.values():
        if GPU in transform.needs.split():
            if free_resources().gpus == 0:
                problem = "Ray has no GPU free: connect to a cluster with one"
            else:
                problem = (
                    "raydrift gives GPUs to the network alone: use a transform that needs none"
                )
            raise ResourcesError(f"transform {transform.name} needs a GPU, and {problem}")
