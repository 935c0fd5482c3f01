"""What a run has written, read without the package."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pyarrow.parquet as pq
from PIL import Image


def written_pixels(output: Path) -> dict[int, np.ndarray]:
    """The pictures of the zip by sample id."""
    names = pq.read_table(output / "input_mapping.parquet").to_pylist()
    with ZipFile(output / "sampled_images.zip") as archive:
        return {
            row["sample_id"]: np.asarray(Image.open(BytesIO(archive.read(row["file_name"]))))
            for row in names
        }
