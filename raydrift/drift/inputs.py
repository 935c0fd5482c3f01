"""What the files of an input are: photographs, or raw files, which are developed."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from raydrift.drift.chain import drift_sample
from raydrift.drift.sampled import SampledTransform
from raydrift.images.pixels import Sample
from raydrift.settings.generate import GenerateSettings
from raydrift.transforms import TransformInfo

AnySample = TypeVar("AnySample", bound=Sample)


class Inputs(Protocol):
    """Makes samples of what the files of an input hold."""

    def sample(self, decoded: AnySample) -> AnySample:
        """The sample without drift, uint8 RGB where its reader does not say otherwise."""

    def drifted(
        self,
        decoded: AnySample,
        transforms: Sequence[TransformInfo],
        sample_id: int,
        epoch: int = 0,
    ) -> tuple[AnySample, list[SampledTransform]]:
        """The sample drifted by some transforms, and what was drawn for each.

        Args:
            decoded: The sample.
            transforms: What to do.
            sample_id: What keys the draws, with the epoch.
            epoch: Which pass over the samples it is.

        Raises:
            PipelineError: A transform failed.
        """


class Photographs:
    """A photograph is the sample itself.

    Args:
        settings: The run's settings.
    """

    def __init__(self, settings: GenerateSettings) -> None:
        self._seed, self._profile = settings.seed, settings.profile

    def sample(self, decoded: AnySample) -> AnySample:
        """The photograph."""
        return decoded

    def drifted(
        self,
        decoded: AnySample,
        transforms: Sequence[TransformInfo],
        sample_id: int,
        epoch: int = 0,
    ) -> tuple[AnySample, list[SampledTransform]]:
        """The drifted photograph, and what was drawn for each transform."""
        return drift_sample(
            decoded,
            transforms,
            seed=self._seed,
            sample_id=sample_id,
            epoch=epoch,
            profile=self._profile,
        )


def inputs_of(settings: GenerateSettings) -> Inputs:
    """What the files of a run's input are."""
    if settings.raw is None:
        return Photographs(settings)
    from raydrift.drift.camera.raw import RawFiles  # which photographs do without

    return RawFiles(settings, settings.raw)
