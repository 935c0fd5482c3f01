"""Images of any depth gathered for a shard: PNGs in one column, pixels in one stack."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from imagecodecs import png_decode
from PIL import Image

from raydrift.engine.data.gathered import PixelStack, PngColumn
from raydrift.engine.data.reader import Reader
from raydrift.engine.data.rows import as_row, pixels_of, table_of
from raydrift.engine.data.shard_work import drift_shard
from raydrift.errors import PipelineError
from raydrift.images.codec import decode_image
from raydrift.images.decoded import Decoded
from raydrift.images.pixels import Array, ColourSpace
from raydrift.settings import ImageSettings
from raydrift.transforms import TransformInfo
from tests.engine.data.test_shard_work import job_for, tasks_of

RNG = np.random.default_rng(0)


def noise(dtype: str, *shape: int) -> Array:
    return RNG.integers(0, np.iinfo(dtype).max, shape, dtype)


KINDS = [
    noise("uint8", 40, 56, 3),
    noise("uint16", 40, 56),
    noise("uint8", 9, 8),
    noise("uint16", 80, 7, 4),
]


def as_mosaic(data: bytes, settings: ImageSettings) -> Decoded:
    """A decoder of 16-bit mosaics."""
    grey = decode_image(data, settings).pixels[:, :, 1]
    return Decoded(grey.astype(np.uint16) * 16, space=ColourSpace.MOSAIC, mask=grey > 100)


@pytest.mark.parametrize("order", [KINDS, KINDS[::-1]])
def test_pngs_of_all_kinds_have_room_in_one_column(order: list[Array]) -> None:
    column = PngColumn(len(order) + 2)
    column.add(None)
    for pixels in order:
        column.add(pixels)
    column.add(None)
    first, *pngs, last = column.finish().to_pylist()
    assert first is last is None
    for png, pixels in zip(pngs, order, strict=True):
        np.testing.assert_array_equal(png_decode(png), pixels)


@pytest.mark.parametrize("pixels", KINDS)
def test_a_row_tells_the_dtype_and_the_shape_and_copies_nothing(pixels: Array) -> None:
    stack = np.stack([pixels, pixels])
    row = as_row(pa.table({"sample_id": [5, 6]}), stack)
    assert row.num_rows == 1
    back = pixels_of(row)
    np.testing.assert_array_equal(back, stack)
    assert (back.dtype, back.shape) == (stack.dtype, stack.shape)
    assert np.shares_memory(back, stack)
    third = pixels_of(pa.concat_tables([row, row, row]).slice(2))
    np.testing.assert_array_equal(third, stack)
    assert table_of(row)["sample_id"].to_pylist() == [5, 6]


def test_a_stack_of_rejected_images_alone_is_black_rgb() -> None:
    stack = PixelStack(2).finish((4, 6, 3))
    assert (stack.shape, stack.dtype, stack.any()) == ((2, 4, 6, 3), np.uint8, False)


def test_mosaics_pass_a_shard_as_they_are(scenes: Path) -> None:
    job = job_for(scenes, transforms=())
    tasks = tasks_of(job, 5)
    ((table, pixels),) = drift_shard(job, tasks, True, Reader(job.source, 2**30), as_mosaic)
    assert pixels is not None
    assert (pixels.dtype, pixels.shape) == (np.uint16, (5, 40, 56))
    for row, kept in zip(table.to_pylist(), pixels, strict=True):
        np.testing.assert_array_equal(png_decode(row["image"]["bytes"]), kept)
        wanted = as_mosaic((scenes / row["source_path"]).read_bytes(), job.settings.image)
        np.testing.assert_array_equal(kept, wanted.pixels)
    png = table["image"][0]["bytes"].as_py()
    assert Image.open(BytesIO(png)).mode == "I;16"


def test_a_transform_that_does_not_take_them_stops_the_run_by_name(scenes: Path) -> None:
    job = job_for(scenes, transforms=(TransformInfo("hue", 0.5),))
    with pytest.raises(PipelineError) as caught:
        list(drift_shard(job, tasks_of(job, 2), False, Reader(job.source, 2**30), as_mosaic))
    assert str(caught.value) == (
        "transform hue:0.5 failed on sample 0: hue takes uint8 srgb pixels, not uint16 mosaic: "
        "leave it out, or give it others"
    )


def test_images_of_two_kinds_cannot_go_to_the_network_together(scenes: Path) -> None:
    turns = iter([as_mosaic, decode_image])

    def now_and_then(data: bytes, settings: ImageSettings) -> Decoded:
        return next(turns)(data, settings)

    job = job_for(scenes, transforms=())
    with pytest.raises(PipelineError) as caught:
        list(drift_shard(job, tasks_of(job, 2), True, Reader(job.source, 2**30), now_and_then))
    assert str(caught.value) == (
        "sample 1: its pixels are uint8 (40, 56, 3), and those before are uint16 (40, 56): give "
        "the network images of one kind"
    )


def test_what_cannot_be_a_png_stops_the_run(scenes: Path) -> None:
    def floats(data: bytes, settings: ImageSettings) -> Decoded:
        linear = decode_image(data, settings).pixels.astype(np.float32)
        return Decoded(linear, space=ColourSpace.LINEAR)

    job = job_for(scenes, transforms=())
    with pytest.raises(PipelineError, match="sample 0: a PNG cannot have float32 pixels of shape"):
        list(drift_shard(job, tasks_of(job, 2), False, Reader(job.source, 2**30), floats))
