"""Batches of arrays."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from raydrift.flows import ImageDataGenerator, NumpyArrayIterator

X = np.random.RandomState(0).uniform(0, 255, (10, 6, 8, 3))
Y = np.arange(10)


def generator(**given: Any) -> ImageDataGenerator:
    return ImageDataGenerator(**given)


def test_images_become_the_dtype_and_labels_keep_theirs() -> None:
    x, y, weights = next(generator().flow(X, Y, 4, shuffle=False, sample_weight=Y / 2))
    assert (x.dtype, y.dtype, weights.dtype) == (np.float32, Y.dtype, np.float64)
    assert np.array_equal(x, X[:4].astype("float32"))
    assert weights.tolist() == [0, 0.5, 1, 1.5]
    assert next(generator(dtype="float64").flow(X, shuffle=False))[0] == pytest.approx(X[0])


def test_a_weight_without_labels_is_not_given() -> None:
    assert isinstance(next(generator().flow(X, sample_weight=Y)), np.ndarray)


def test_other_arrays_are_passed_through() -> None:
    others = [np.arange(10), np.ones((10, 2))]
    x, _ = next(generator().flow((X, others), Y, 3, shuffle=False))
    assert [part.shape for part in x] == [(3, 6, 8, 3), (3,), (3, 2)]
    assert next(generator().flow((X, np.arange(10)), batch_size=3, shuffle=False))[1].tolist() == [
        0, 1, 2,
    ]  # fmt: skip


def test_the_first_images_are_for_validation_and_weights_go_with_them() -> None:
    labels = Y % 2
    flows = {
        subset: generator(validation_split=0.25).flow(
            X, labels, shuffle=False, sample_weight=Y, subset=subset
        )
        for subset in ("training", "validation")
    }
    assert [flow.n for flow in flows.values()] == [8, 2]
    assert next(flows["validation"])[2].tolist() == [0, 1]
    assert next(flows["training"])[2].tolist() == [2, 3, 4, 5, 6, 7, 8, 9]


def test_a_split_changes_nothing_of_an_images_augmentation() -> None:
    given = {"rotation_range": 90, "validation_split": 0.2}
    whole = next(generator(**given).flow(X, shuffle=False, seed=3, batch_size=10))
    part = next(generator(**given).flow(X, shuffle=False, seed=3, batch_size=4, subset="training"))
    assert np.array_equal(whole[2:6], part)
    plain = generator(augment_validation=False, **given)
    assert np.array_equal(
        next(plain.flow(X, shuffle=False, subset="validation")), X[:2].astype("float32")
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"x": X[0]}, "rank 4"),
        ({"x": (X, np.zeros(11))}, "All of the arrays in `x`"),
        ({"x": X, "y": np.zeros(11)}, r"`x` \(images tensor\) and `y` \(labels\)"),
        ({"x": X, "sample_weight": np.zeros(9)}, "and `sample_weight`"),
        ({"x": X, "subset": "test"}, "Invalid subset name: test"),
        ({"x": X, "y": Y, "subset": "training"}, "different number of classes"),
    ],
)
def test_what_does_not_fit_together_is_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        generator(validation_split=0.2).flow(**arguments)


def test_labels_of_both_parts_may_differ_where_that_is_said_or_they_are_no_classes() -> None:
    split = generator(validation_split=0.2)
    assert split.flow(X, Y, ignore_class_split=True, subset="training").n == 8
    assert split.flow(X, Y + 0.5, subset="training").n == 8
    old = generator(validation_split=0.2, compat="keras3")
    with pytest.raises(ValueError, match="different number of classes"):
        old.flow(X, Y + 0.5, subset="training")


def test_older_keras_has_the_subset_in_the_tenth_place() -> None:
    flow = generator(validation_split=0.2).flow(
        X, None, 32, True, None, None, None, "", "png", "training"
    )
    assert flow.n == 8


def test_other_channels_are_warned_of_and_work() -> None:
    with pytest.warns(UserWarning, match="7 channels"):
        flow = generator(rotation_range=20).flow(np.zeros((3, 6, 8, 7)))
    assert next(flow).shape == (3, 6, 8, 7)


def test_channels_may_be_first() -> None:
    first = generator(rotation_range=30, data_format="channels_first")
    last = generator(rotation_range=30)
    a = next(first.flow(X.transpose(0, 3, 1, 2), seed=1))
    b = next(last.flow(X, seed=1))
    assert np.array_equal(a.transpose(0, 2, 3, 1), b)


def test_augmented_images_are_saved(tmp_path: Path) -> None:
    flow = generator().flow(X, batch_size=5, save_to_dir=tmp_path, save_prefix="a", seed=1)
    for _ in range(4):
        next(flow)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 20  # two epochs, none over another
    assert all(file.name.startswith("a_") and file.suffix == ".png" for file in files)
    with Image.open(files[0]) as image:
        assert image.size == (8, 6)
    missing = generator().flow(X, save_to_dir=tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        next(missing)


def test_the_class_itself_does_not_shuffle() -> None:
    flow = NumpyArrayIterator(X, Y, generator(), batch_size=3)
    assert next(flow)[1].tolist() == [0, 1, 2]
    assert (flow.x.shape, flow.n, flow.x_misc, flow.sample_weight) == (X.shape, 10, [], None)
