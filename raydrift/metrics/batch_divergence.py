"""How far the images of a batch drift, as the Python API tells it."""

from dataclasses import dataclass

from raydrift.transforms import TransformInfo


@dataclass(frozen=True)
class BatchDivergence:
    """How far one batch of images was from its drifted copies.

    Attributes:
        batch: Its number, from 0.
        sample_ids: Its samples; images that cannot be used are left out.
        divergence: What the function that measures said, by default ``kl_softmax``.
        drift_level: The level, or the mean level of several transforms; 0 without drift. With
            drifts on the timeline, the mean over the samples of the largest level in force.
        transforms: What was applied to every sample.
    """

    batch: int
    sample_ids: tuple[int, ...]
    divergence: float
    drift_level: float
    transforms: tuple[TransformInfo, ...]
