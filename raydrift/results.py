"""What the calls of the Python API return."""

from dataclasses import dataclass

import pyarrow as pa

from raydrift.dataset import DriftedDataset
from raydrift.settings import TransformInfo
from raydrift.storage import layout


class ImageDataCategoryInfo(DriftedDataset):
    """What one call of ``sample`` wrote: its samples, and where its files are.

    Attributes:
        zip_type: Of the container.
        file_type: Of its members.
    """

    zip_type = "zip"
    file_type = "png"

    @property
    def zip_path(self) -> str:
        """The zip of the drifted images."""
        return str(self._output / layout.ZIP)

    @property
    def input_mapping_path(self) -> str:
        """The table that maps sample ids to members of the zip."""
        return str(self._output / layout.INPUT_MAPPING)

    @property
    def target_path(self) -> str:
        """The table that maps sample ids to labels."""
        return str(self._output / layout.TARGET)

    @property
    def embeddings_path(self) -> str | None:
        """The embeddings' table; None if they were not asked for."""
        return str(self._output / layout.EMBEDDINGS) if self._record.has_embeddings else None

    @property
    def num_samples(self) -> int:
        """How many samples were written."""
        return len(self)

    @property
    def num_rejected(self) -> int:
        """How many images could not be used; ``rejected.parquet`` says why."""
        return int(self._record.counts["rejected"])

    @property
    def input_mapping(self) -> pa.Table:
        """The same as ``mapping``."""
        return self.mapping


@dataclass(frozen=True)
class BatchSimilarity:
    """How far one batch of images was from its drifted twins.

    Attributes:
        batch: Its number, from 0.
        sample_ids: Its samples; images that cannot be used are left out.
        similarity: What the similarity function said.
        drift_level: The level, or the mean level of several transforms; 0 without drift. With
            drifts on the timeline, the mean over the samples of the largest level in force.
        transforms: What was applied to every sample.
    """

    batch: int
    sample_ids: tuple[int, ...]
    similarity: float
    drift_level: float
    transforms: tuple[TransformInfo, ...]
