"""What the calls of the Python API return."""

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from raydrift.place import Place
from raydrift.settings import TransformInfo
from raydrift.storage import layout


@dataclass(frozen=True)
class ImageDataCategoryInfo:
    """What one call of ``sample`` wrote.

    Attributes:
        zip_path: The zip of the drifted images.
        input_mapping_path: The table that maps sample ids to members of the zip.
        target_path: The table that maps sample ids to labels.
        embeddings_path: The embeddings' table; None if they were not asked for.
        num_samples: How many samples were written.
        num_rejected: How many images could not be used; ``rejected.parquet`` says why.
        zip_type: Of the container.
        file_type: Of its members.
        output: The folder that they are in.
    """

    zip_path: str
    input_mapping_path: str
    target_path: str
    embeddings_path: str | None
    num_samples: int
    num_rejected: int
    zip_type: str = "zip"
    file_type: str = "png"
    output: Place = field(kw_only=True, repr=False)

    @property
    def input_mapping(self) -> pa.Table:
        """``sample_id`` int64, ``timestamp`` float64, ``file_name`` string."""
        return self._read(layout.INPUT_MAPPING)

    @property
    def target(self) -> pa.Table:
        """``sample_id`` int64, ``timestamp`` float64, ``label`` int64."""
        return self._read(layout.TARGET)

    @property
    def embeddings(self) -> pa.Table | None:
        """``sample_id`` int64, ``timestamp`` float64, ``embedding`` list of 512 float64."""
        return self._read(layout.EMBEDDINGS) if self.embeddings_path else None

    def _read(self, name: str) -> pa.Table:
        with (self.output / name).open_here_and_there() as file:
            return pq.read_table(file)


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
