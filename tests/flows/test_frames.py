"""Frames of any library to rows of a flow, by the rules of Keras."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from raydrift.errors import SettingsError
from raydrift.flows.columns import MissingColumnError
from raydrift.flows.frames import FrameRows, read_frame

NAMES = ["2.png", "1.jpg", "s/3.PNG", "4.bmp", "5.tif", "6.ppm"]
LABELS = ["b", "a", "c", "a", "b", "c"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s").mkdir()
    for name in NAMES:
        (tmp_path / name).touch()
    return tmp_path


def frame(**columns: Any) -> dict[str, Any]:
    return {"filename": NAMES, "class": LABELS, **columns}


def read(folder: Path | None, data: Any = None, **options: Any) -> FrameRows:
    return read_frame(frame() if data is None else data, folder, **options)


def test_a_frame_is_not_changed_and_its_index_has_no_effect(folder: Path) -> None:
    data = pd.DataFrame(frame(), index=[7, 7, 3, 1, 0, 9])
    before = data.copy()
    rows = read(folder, data, classes=["b", "a"], split=(0, 0.5))
    pd.testing.assert_frame_equal(data, before)
    assert rows.filenames == ["2.png", "1.jpg"]


@pytest.mark.parametrize(
    "library",
    [pd.DataFrame, pl.DataFrame, pa.table, pa.RecordBatch.from_pydict, dict],
    ids=["pandas", "polars", "table", "batch", "dict"],
)
def test_all_libraries_give_the_same(folder: Path, library: Callable[[Any], Any]) -> None:
    data = library(frame(number=[1, 2, 3, 4, 5, 6], share=[0.5] * 6))
    rows = read(folder, data, weight_col="number")
    assert rows.filenames == NAMES
    assert rows.filepaths[2] == str(folder / "s/3.PNG")
    assert rows.rows.dtype == np.int64
    assert rows.class_indices == {"a": 0, "b": 1, "c": 2}
    assert rows.classes == [1, 0, 2, 0, 1, 2]
    assert rows.targets is None
    assert rows.weights is not None
    assert (rows.weights.dtype, rows.weights.tolist()) == (np.int64, [1, 2, 3, 4, 5, 6])

    raw = read(folder, data, class_mode="raw", y_col=["number", "share"])
    assert raw.classes is None
    assert isinstance(raw.targets, np.ndarray)
    assert (raw.targets.dtype, raw.targets.shape) == (np.float64, (6, 2))
    one = read(folder, data, class_mode="raw", y_col="class").targets
    assert isinstance(one, np.ndarray)
    assert (one.dtype, one.tolist()) == (object, LABELS)


def test_no_library_of_frames_is_loaded() -> None:
    code = (
        "import sys; from raydrift.flows.frames import read_frame; "
        "read_frame({'filename': ['a.png']}, class_mode=None, validate_filenames=False); "
        "print({'pandas', 'polars', 'ray', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_rows_of_other_classes_are_left_out_and_lists_are_filtered(folder: Path) -> None:
    labels = ["b", ["a", "c"], ["c"], ("b", "a"), "c", []]
    rows = read(folder, frame() | {"class": labels}, classes=["b", "a"])
    assert rows.rows.tolist() == [0, 1, 3]
    assert rows.classes == [0, [1], [0, 1]]
    every = read(folder, frame() | {"class": labels})
    assert every.classes == [1, [0, 2], [2], [1, 0], 2, []]


def test_given_classes_stay_in_order_but_in_keras_preprocessing(folder: Path) -> None:
    given = {"classes": ["c", "a", "c"]}
    assert read(folder, **given).class_indices == {"c": 0, "a": 1}
    assert read(folder, **given, compat="keras3").class_indices == {"c": 0, "a": 1}
    assert read(folder, **given, compat="kp112").class_indices == {"a": 0, "c": 1}


@pytest.mark.parametrize("mode", ["input", None])
def test_modes_without_labels_need_no_column_of_them(folder: Path, mode: str | None) -> None:
    rows = read(folder, {"filename": NAMES}, class_mode=mode, y_col=None)
    assert (rows.filenames, rows.classes, rows.class_indices, rows.targets) == (
        NAMES,
        None,
        None,
        None,
    )


def test_several_outputs_are_an_array_each(folder: Path) -> None:
    boxes = [[number, number + 1] for number in range(6)]
    data = pd.DataFrame(frame(box=boxes, score=[0.5] * 6))
    rows = read(folder, data, class_mode="multi_output", y_col=["box", "score"], split=(0.5, 1))
    box, score = rows.targets or ()
    assert box.tolist() == boxes[3:]
    assert score.shape == (3,)
    ragged = frame(box=[[1], [1, 2]] * 3)
    with pytest.raises(SettingsError, match="column y_col='box' has values of different shapes"):
        read(folder, ragged, class_mode="multi_output", y_col=["box"])


def test_the_first_rows_are_for_validation(folder: Path) -> None:
    data = frame() | {"class": ["a", "b"] * 3}
    validation, training = (read(folder, data, split=part) for part in ((0, 0.4), (0.4, 1)))
    assert validation.rows.tolist() == [0, 1]
    assert training.rows.tolist() == [2, 3, 4, 5]


def test_classes_are_numbered_before_the_split(folder: Path) -> None:
    with pytest.warns(UserWarning, match=r"no rows of class 'c' in this part of the split.*sample"):
        rows = read(folder, split=(0, 0.4))
    assert rows.class_indices == {"a": 0, "b": 1, "c": 2}


class TestFiles:
    """Which files are there."""

    def test_rows_without_a_file_are_left_out_and_the_others_keep_their_numbers(
        self, folder: Path
    ) -> None:
        (folder / NAMES[1]).unlink()
        with pytest.warns(UserWarning, match="Found 1 invalid") as told:
            rows = read(folder, frame() | {"class": ["a"] * 6}, split=(0, 0.4))
        assert str(told[0].message) == (
            'Found 1 invalid image filename(s) in x_col="filename". These filename(s) will be '
            f"ignored. The first is {str(folder / NAMES[1])!r} in row 1: it is not there."
        )
        assert rows.rows.tolist() == [0, 2]
        assert read(folder, validate_filenames=False).filenames == NAMES

    def test_a_file_of_another_ending_is_left_out(self, folder: Path) -> None:
        (folder / "7.gif").touch()
        data = {"filename": [*NAMES, "7.gif"]}
        with pytest.warns(UserWarning, match=r"row 6: it does not end in png jpg jpeg"):
            assert read(folder, data, class_mode=None).filenames == NAMES

    def test_whole_paths_need_no_directory(self, folder: Path) -> None:
        paths = [str(folder / name) for name in NAMES]
        rows = read(None, frame() | {"filename": paths})
        assert rows.filenames == rows.filepaths == paths

    def test_many_files_of_one_folder_are_looked_for_together(self, folder: Path) -> None:
        names = [f"many/{number}.png" for number in range(100)]
        (folder / "many").mkdir()
        for name in names[::2]:
            (folder / name).touch()
        (folder / names[1]).symlink_to(folder / names[0])
        (folder / names[3]).symlink_to("nowhere")
        (folder / names[5]).mkdir()
        for number in range(3_000):
            (folder / f"many/other {number}").touch()
        with pytest.warns(UserWarning, match="Found 49 invalid"):
            rows = read(folder, {"filename": names}, class_mode=None)
        assert rows.filenames == sorted([*names[::2], names[1]], key=names.index)

    def test_files_in_buckets_are_looked_for_folder_by_folder(self) -> None:
        memory = fsspec.filesystem("memory")
        for name in ("1.png", "s/2.png"):
            memory.pipe_file(f"/framed/{name}", b"")
        with pytest.warns(UserWarning, match="Found 1 invalid .* 'memory://framed/3.png'"):
            rows = read_frame(
                {"filename": ["1.png", "3.png", "s/2.png"]}, "memory://framed", class_mode=None
            )
        assert rows.filepaths == ["memory://framed/1.png", "memory://framed/s/2.png"]
        uris = {"filename": rows.filepaths}
        assert read_frame(uris, class_mode=None).filepaths == rows.filepaths


def test_a_file_in_both_parts_of_the_split_is_told(folder: Path) -> None:
    data = {"filename": [NAMES[0], NAMES[1]] * 2, "class": ["a", "b"] * 2}
    assert len(read(folder, data).filenames) == 4  # each row is a sample
    with pytest.warns(UserWarning, match=r"2 files of the dataframe, as '1.jpg', are in both par"):
        read(folder, data, split=(0, 0.5))


def test_a_file_with_two_labels_is_told(folder: Path) -> None:
    data = {"filename": [NAMES[0]] * 2, "class": ["a", "b"]}
    with pytest.warns(UserWarning, match=r"1 file .* as '2.png', have rows with different labels"):
        read(folder, data)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"classes": ["a", "z"]}, "no rows of class 'z': check the names in classes"),
        ({"classes": ["a"], "class_mode": None}, "`classes` will be ignored given the class_mode"),
        ({"weight_col": "gaps"}, "weight_col=gaps has no number in 1 row: .* NaN with it"),
        ({"class_mode": "raw", "y_col": "gaps"}, "y_col=gaps has 1 value that is NaN"),
        ({"class_mode": "multi_output", "y_col": ["gaps"]}, "y_col=gaps has 1 value that is NaN"),
    ],
)
def test_what_a_user_should_know_is_told(folder: Path, options: dict[str, Any], words: str) -> None:
    data = pd.DataFrame(frame(gaps=[1.0, None, 3.0, 4.0, 5.0, 6.0]))
    with pytest.warns(UserWarning, match=words):
        read(folder, data, **options)


NAN = float("nan")
BAD: list[tuple[dict[str, Any], dict[str, Any], type[Exception], str]] = [
    (
        {"filename": ["1.jpg", NAN]},
        {"class_mode": None},
        TypeError,
        "All values in column x_col=filename must be strings. Row 1 has none: leave such rows out "
        'with .dropna(subset=["filename"])',
    ),
    (
        {"filename": [Path("1.jpg")]},
        {"class_mode": None},
        TypeError,
        "All values in column x_col=filename must be strings. Row 0 has PosixPath('1.jpg'): "
        'convert it with df["filename"].astype(str)',
    ),
    (
        {"class": [0, 1] * 3},
        {"class_mode": "sparse"},
        TypeError,
        'If class_mode="sparse", y_col="class" column values must be strings. Row 0 has 0: convert '
        'it with df["class"].astype(str)',
    ),
    (
        {"class": ["a", None] * 3},
        {},
        TypeError,
        'If class_mode="categorical", y_col="class" column values must be type string, list or '
        'tuple. Row 1 has none: leave such rows out with .dropna(subset=["class"])',
    ),
    (
        {"class": [np.array(["a"])] * 6},
        {},
        TypeError,
        'If class_mode="categorical", y_col="class" column values must be type string, list or '
        "tuple. Row 0 has an array: convert it with .apply(list)",
    ),
    (
        {"class": [["a"], [1]] * 3},
        {},
        TypeError,
        "classes of several types: give all labels as strings",
    ),
    (
        {},
        {"class_mode": "binary"},
        SettingsError,
        'If class_mode="binary" there must be 2 classes. Found 3 classes. Give class_mode="sparse" '
        "or name two in classes",
    ),
    (
        {},
        {"class_mode": "binary", "classes": ["a"]},
        SettingsError,
        'If class_mode="binary" there must be 2 classes. 1 class/es were given. Give '
        'class_mode="sparse" or name two in classes',
    ),
    (
        {},
        {"class_mode": "multi_output"},
        TypeError,
        'If class_mode="multi_output", y_col must be a list. Received str.',
    ),
    (
        {},
        {"y_col": ["class"]},
        TypeError,
        'If class_mode="categorical", y_col must be one column: give its name, or class_mode="raw" '
        'or "multi_output" for several',
    ),
    (
        {},
        {"class_mode": "output"},
        SettingsError,
        "Invalid class_mode: output; expected one of: [None, 'binary', 'categorical', 'input', "
        "'multi_output', 'raw', 'sparse']",
    ),
    (
        {"weight": ["1"] * 6},
        {"weight_col": "weight"},
        TypeError,
        "Column weight_col=weight must be numeric. It is of dtype object: convert it with "
        ".astype(float)",
    ),
    (
        {},
        {"x_col": "file"},
        MissingColumnError,
        "dataframe has no column 'file': choose from: filename, class",
    ),
    (
        {},
        {"class_mode": "raw", "y_col": None},
        MissingColumnError,
        'class_mode="raw" needs y_col: name the column of labels',
    ),
    ({}, {"classes": "ab"}, TypeError, "classes is 'ab': give a list of names"),
    (
        {"class": ["a"]},
        {},
        SettingsError,
        "dataframe has columns of different lengths: filename: 6, class: 1",
    ),
]


@pytest.mark.parametrize(("columns", "options", "error", "words"), BAD)
def test_what_cannot_be_is_refused_with_the_remedy(
    folder: Path, columns: dict[str, Any], options: dict[str, Any], error: Any, words: str
) -> None:
    with pytest.raises(error) as raised:
        read(folder, frame() | columns if "filename" not in columns else columns, **options)
    assert str(raised.value) == words
    assert isinstance(raised.value, TypeError | ValueError)


def test_a_missing_column_is_a_key_error_as_in_pandas(folder: Path) -> None:
    with pytest.raises(KeyError):
        read(folder, x_col="file")


def test_two_columns_of_one_name_are_refused(folder: Path) -> None:
    data = pd.DataFrame([[NAMES[0], "a", "b"]], columns=["filename", "class", "class"])
    with pytest.raises(SettingsError, match="dataframe has 2 columns 'class': rename all but one"):
        read(folder, data)


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(TypeError, match="dataframe is of type list: give a DataFrame of pandas"):
        read_frame([1, 2])


def test_missing_values_of_each_kind_are_missing(folder: Path) -> None:
    for missing in (None, NAN, pd.NA, pd.NaT):
        data = pd.DataFrame({"filename": pd.Series(["1.jpg", missing], dtype=object)})
        with pytest.raises(TypeError, match="Row 1 has none"):
            read(folder, data, class_mode=None)
