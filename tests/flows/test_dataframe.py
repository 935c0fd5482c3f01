"""Batches of the images that a frame names."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from raydrift.flows import DataFrameIterator, ImageDataGenerator

FILES = [f"{number}.png" for number in range(10)]
LABELS = ["x", "y"] * 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten grey images, each of one level: 0, 10, 20, …"""
    for number, name in enumerate(FILES):
        Image.new("L", (8, 6), 10 * number).save(tmp_path / name)
    return tmp_path


def flow_of(
    frame: Any, folder: Any, given: dict[str, Any] | None = None, **arguments: Any
) -> DataFrameIterator:
    arguments = {"target_size": (6, 8), "shuffle": False, "batch_size": 4, **arguments}
    return ImageDataGenerator(**(given or {})).flow_from_dataframe(frame, folder, **arguments)


def test_the_attributes_are_those_of_keras(folder: Path, capsys: Any) -> None:
    flow = flow_of(pd.DataFrame({"filename": FILES, "class": LABELS}), folder)
    words = "Found 10 validated image filenames belonging to 2 classes.\n"
    assert capsys.readouterr().out == words
    assert (flow.n, flow.samples, flow.class_indices) == (10, 10, {"x": 0, "y": 1})
    assert flow.classes == flow.labels == [0, 1] * 5
    assert not hasattr(flow, "num_classes")
    assert flow.filenames == FILES
    assert flow.filepaths == [str(folder / name) for name in FILES]
    x, y = next(flow)
    assert (x.shape, y.shape, y.dtype) == ((4, 6, 8, 3), (4, 2), np.float32)
    assert x[:, 0, 0, 0].tolist() == [0, 10, 20, 30]


def test_paths_may_be_whole(folder: Path) -> None:
    frame = pd.DataFrame({"path": [str(folder / name) for name in FILES]})
    flow = flow_of(frame, None, x_col="path", class_mode=None)
    assert flow.directory == ""
    assert next(flow)[3, 0, 0, 0] == 30
    with pytest.raises(AttributeError):
        assert flow.labels


@pytest.mark.parametrize(
    ("mode", "y_col", "shapes"),
    [
        ("raw", "a", (4,)),
        ("raw", ["a", "b"], (4, 2)),
        ("multi_output", ["a", "b"], [(4,), (4,)]),
        ("sparse", "class", (4,)),
        ("binary", "class", (4,)),
    ],
)
def test_labels_by_class_mode(folder: Path, mode: str, y_col: Any, shapes: Any) -> None:
    columns = {"filename": FILES, "class": LABELS, "a": range(10), "b": np.arange(10) / 2}
    flow = flow_of(pd.DataFrame(columns), folder, y_col=y_col, class_mode=mode)
    _, y = next(flow)
    assert ([one.shape for one in y] if mode == "multi_output" else y.shape) == shapes
    if mode == "raw" and y_col == "a":
        assert y.tolist() == [0, 1, 2, 3]


def test_a_sample_may_have_several_classes(folder: Path) -> None:
    frame = pd.DataFrame({"filename": FILES[:3], "class": [["b", "a"], "b", ("c",)]})
    flow = flow_of(frame, folder)
    assert flow.classes == [[1, 0], 1, [2]]
    assert next(flow)[1].tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]


def test_weights_are_the_third_array(folder: Path) -> None:
    frame = pd.DataFrame({"filename": FILES, "class": LABELS, "w": range(10)})
    _, _, weights = next(flow_of(frame, folder, weight_col="w"))
    assert weights.tolist() == [0, 1, 2, 3]
    assert weights.dtype == np.int64
    assert next(flow_of(frame, folder, weight_col="w", class_mode=None)).shape == (4, 6, 8, 3)
    frame["w"] = frame["w"].astype(str)
    with pytest.raises(TypeError, match="weight_col=w must be numeric"):
        flow_of(frame, folder, weight_col="w")


def test_the_order_of_given_classes_is_kept_but_in_the_oldest(folder: Path) -> None:
    frame = pd.DataFrame({"filename": FILES, "class": LABELS})
    for compat, indices in (
        ("fixed", {"y": 0, "x": 1}),
        ("keras3", {"y": 0, "x": 1}),
        ("kp112", {"x": 0, "y": 1}),
    ):
        flow = flow_of(frame, folder, {"compat": compat}, classes=["y", "x"])
        assert flow.class_indices == indices
    assert flow_of(frame, folder, classes=["y"]).filenames == FILES[1::2]


def test_files_that_are_not_there_are_left_out_or_replaced(folder: Path) -> None:
    frame = pd.DataFrame({"filename": [*FILES, "none.png", "a.txt"]})
    with pytest.warns(UserWarning, match="2 invalid image filename"):
        flow = flow_of(frame, folder, class_mode=None)
    assert flow.n == 10
    given = {"class_mode": None, "validate_filenames": False, "batch_size": 12}
    flow = flow_of(frame, folder, **given)
    with pytest.warns(UserWarning, match="cannot be used"):
        assert len(next(flow)) == 12
    assert {Path(one.path).name for one in flow.rejected} == {"none.png", "a.txt"}
    with pytest.raises(FileNotFoundError, match=r"none\.png"):
        next(flow_of(frame, folder, {"on_error": "raise"}, **given))


def test_the_first_rows_are_for_validation_and_draws_are_by_row(folder: Path) -> None:
    frame = pd.DataFrame({"filename": FILES, "class": LABELS})
    given = {"validation_split": 0.3, "brightness_range": (0.5, 1.0)}
    whole = next(flow_of(frame, folder, given, seed=1, batch_size=10))[0]
    training = flow_of(frame, folder, given, seed=1, subset="training")
    assert (training.n, flow_of(frame, folder, given, subset="validation").n) == (7, 3)
    assert np.array_equal(next(training)[0], whole[3:7])


@pytest.mark.parametrize(
    ("columns", "arguments", "kind", "words"),
    [
        ({"filename": [1, 2]}, {"class_mode": None}, TypeError, "x_col=filename must be strings"),
        ({"class": [0, 1]}, {"class_mode": "sparse"}, TypeError, "must be strings"),
        ({"class": [0, 1]}, {}, TypeError, "must be type string, list or tuple"),
        ({"class": ["a", "a"]}, {"class_mode": "binary"}, ValueError, "must be 2 classes"),
        ({}, {"class_mode": "output"}, ValueError, "Invalid class_mode: output"),
        ({}, {"class_mode": "multi_output"}, TypeError, "y_col must be a list"),
        ({}, {"color_mode": "cmyk"}, ValueError, "Invalid color mode"),
        ({}, {"subset": "test"}, ValueError, "Invalid subset"),
        ({}, {"x_col": "path"}, KeyError, "path"),
    ],
)
def test_a_column_or_an_argument_that_cannot_be_is_refused(
    folder: Path, columns: Any, arguments: Any, kind: type[Exception], words: str
) -> None:
    frame = pd.DataFrame({"filename": FILES[:2], "class": ["x", "y"], **columns})
    with pytest.raises(kind, match=words):
        flow_of(frame, folder, **arguments)


@pytest.mark.parametrize("name", ["has_ext", "sort", "drop_duplicates"])
def test_what_older_keras_took_is_warned_of(folder: Path, name: str) -> None:
    frame = pd.DataFrame({"filename": FILES, "class": range(10)})
    with pytest.warns(DeprecationWarning, match=f"{name} is deprecated"):
        flow_of(frame, folder, class_mode=None, **{name: True})
    with pytest.warns(DeprecationWarning, match="raw"):
        assert flow_of(frame, folder, class_mode="other").class_mode == "raw"
