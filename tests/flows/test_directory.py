"""Batches of class folders."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from raydrift.errors import ImageError
from raydrift.flows import ImageDataGenerator

SIZE = (12, 16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of 7 and 3 grey images, each of one level."""
    for name, count in (("a", 7), ("b", 3)):
        (tmp_path / name).mkdir()
        for number in range(count):
            level = 10 * number + (100 if name == "b" else 0)
            Image.new("L", (16, 12), level).save(tmp_path / name / f"{number}.png")
    return tmp_path


def flow_of(folder: Path, given: dict[str, Any] | None = None, **arguments: Any) -> Any:
    arguments = {"target_size": SIZE, "shuffle": False, "batch_size": 4, **arguments}
    return ImageDataGenerator(**(given or {})).flow_from_directory(folder, **arguments)


def test_the_attributes_are_those_of_keras(folder: Path, capsys: Any) -> None:
    flow = flow_of(folder)
    assert capsys.readouterr().out == "Found 10 images belonging to 2 classes.\n"
    assert (flow.samples, flow.n, flow.num_classes, flow.batch_size) == (10, 10, 2, 4)
    assert flow.class_indices == {"a": 0, "b": 1}
    assert flow.classes.tolist() == flow.labels.tolist() == [0] * 7 + [1] * 3
    assert flow.classes.dtype == np.int32
    assert flow.filenames[:2] == ["a/0.png", "a/1.png"]
    assert flow.filepaths[9] == str(folder / "b" / "2.png")
    assert (flow.image_shape, flow.target_size, flow.color_mode) == ((12, 16, 3), SIZE, "rgb")
    assert (flow.subset, flow.split, flow.sample_weight) == (None, None, None)
    assert (flow.interpolation, flow.data_format, flow.dtype) == (
        "nearest", "channels_last", "float32",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "shape"), [("categorical", (4, 2)), ("binary", (4,)), ("sparse", (4,))]
)
def test_labels_are_floats_of_a_shape_by_class_mode(folder: Path, mode: str, shape: Any) -> None:
    flow = flow_of(folder, class_mode=mode)
    next(flow)
    x, y = next(flow)
    assert (x.shape, y.shape, y.dtype) == ((4, 12, 16, 3), shape, np.float32)
    wanted = [0, 0, 0, 1]
    assert (y.argmax(1) if mode == "categorical" else y).tolist() == wanted


def test_images_can_be_their_own_labels_or_have_none(folder: Path) -> None:
    x, y = next(flow_of(folder, class_mode="input"))
    assert np.array_equal(x, y)
    assert not np.shares_memory(x, y)
    assert next(flow_of(folder, class_mode=None)).shape == (4, 12, 16, 3)


@pytest.mark.parametrize(
    ("mode", "shape"), [("grayscale", (12, 16, 1)), ("rgb", (12, 16, 3)), ("rgba", (12, 16, 4))]
)
def test_colour_modes(folder: Path, mode: str, shape: tuple[int, ...]) -> None:
    flow = flow_of(folder, color_mode=mode, class_mode=None)
    x = next(flow)
    assert flow.image_shape == x.shape[1:] == shape
    assert x[3, 0, 0, 0] == 30
    first = flow_of(folder, {"data_format": "channels_first"}, color_mode=mode, class_mode=None)
    assert np.array_equal(next(first).transpose(0, 2, 3, 1), x)


def test_the_first_files_of_each_class_are_for_validation(folder: Path) -> None:
    given = {"validation_split": 0.4}
    validation = flow_of(folder, given, subset="validation")
    training = flow_of(folder, given, subset="training")
    assert validation.filenames == ["a/0.png", "a/1.png", "b/0.png"]
    assert (training.n, training.split, validation.split) == (7, (0.4, 1), (0, 0.4))
    assert training.sample_ids.tolist() == [2, 3, 4, 5, 6, 8, 9]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"color_mode": "cmyk"}, "Invalid color mode: cmyk"),
        ({"class_mode": "output"}, "Invalid class_mode: output"),
        ({"subset": "test"}, "Invalid subset name: test"),
        ({"interpolation": "cubic", "target_size": (5, 5)}, "interpolation"),
    ],
)
def test_an_argument_that_cannot_be_is_refused(folder: Path, arguments: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        next(flow_of(folder, **arguments))


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        flow_of(tmp_path / "none")


def test_another_image_takes_the_place_of_one_that_is_broken(folder: Path) -> None:
    (folder / "a" / "1.png").write_bytes(b"no image")
    flow = flow_of(folder, class_mode="sparse", seed=1)
    (folder / "b" / "0.png").unlink()
    with pytest.warns(UserWarning, match=r"a/1.png cannot be used .*another image takes") as told:
        batches = [next(flow) for _ in range(6)]
    assert len(told) == 1
    assert [len(x) for x, _ in batches] == [4, 4, 2] * 2
    assert sorted(one.path for one in flow.rejected) == [
        str(folder / "a" / "1.png"), str(folder / "b" / "0.png"),
    ]  # fmt: skip
    assert any("known format" in one.reason for one in flow.rejected)
    for x, y in batches:  # a label is that of the image which is there
        assert (x[:, 0, 0, 0] >= 100).tolist() == (y == 1).tolist()
    flow.set_epoch(0)
    for batch in batches:  # the same images took the place
        x, y = next(flow)
        assert np.array_equal(x, batch[0])
        assert np.array_equal(y, batch[1])


def test_a_broken_image_is_an_error_with_its_path_where_that_is_asked(folder: Path) -> None:
    flow = flow_of(folder, {"on_error": "raise"})
    (folder / "a" / "1.png").write_bytes(b"no image")
    for kind in (ImageError, OSError):
        with pytest.raises(kind, match=r"a/1.png: decode: not an image"):
            flow[0]
    (folder / "a" / "1.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"a/1.png: read: No such file") as told:
        flow[0]
    again = pickle.loads(pickle.dumps(told.value))  # as it comes back from a worker
    assert (type(again), str(again)) == (type(told.value), str(told.value))


def test_a_flow_of_which_no_image_can_be_used_is_an_error(folder: Path) -> None:
    flow = flow_of(folder)
    for path in flow.filepaths:
        Path(path).write_bytes(b"no image")
    with pytest.raises(ImageError, match="nor can 9 others that were tried"):
        next(flow)


def test_raydrifts_own_decoder_turns_images_upright(folder: Path) -> None:
    image = Image.fromarray(np.arange(12 * 16, dtype=np.uint8).reshape(12, 16))
    turned = image.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(folder / "a" / "0.png", exif=exif)
    image.save(folder / "a" / "1.png")
    for decode, equal in (("raydrift", True), ("keras", False)):
        x, _ = flow_of(folder, {"decode": decode})[0]
        assert np.array_equal(x[0], x[1]) is equal
    with pytest.raises(ValueError, match='decode="raydrift"'):
        flow_of(folder, {"decode": "raydrift"}, keep_aspect_ratio=True)[0]


@pytest.mark.parametrize("decode", ["keras", "raydrift"])
def test_a_nearly_black_file_has_levels_up_to_255(tmp_path: Path, decode: str) -> None:
    """Of floats alone, levels of 0 and 1 would be taken for a range that ends at 1."""
    (tmp_path / "a").mkdir()
    Image.new("RGB", (16, 12), (1, 0, 1)).save(tmp_path / "a" / "dark.png")
    flow = flow_of(tmp_path, {"brightness_range": (20, 20), "decode": decode}, class_mode=None)
    assert np.unique(next(flow)).tolist() == [0, 20]


def test_files_of_16_bits_have_levels_up_to_65535(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    Image.fromarray(np.full((12, 16), 200, np.uint16)).save(tmp_path / "a" / "deep.png")
    flow = flow_of(tmp_path, {"brightness_range": (2, 2)}, class_mode=None, color_mode="grayscale")
    assert np.unique(next(flow)).tolist() == [400]


def test_arrays_tell_the_range_of_their_levels_by_their_levels() -> None:
    flow = ImageDataGenerator(brightness_range=(20, 20)).flow(np.full((1, 4, 4, 3), 0.5))
    assert np.unique(next(flow)).tolist() == [1]


def test_without_a_generator_images_are_loaded(folder: Path) -> None:
    from raydrift.flows import DirectoryIterator

    x, _ = next(DirectoryIterator(folder, None, target_size=SIZE, shuffle=False))
    assert (x.shape, x[6, 0, 0, 0]) == ((10, 12, 16, 3), 60)
