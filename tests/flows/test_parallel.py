"""ParallelImageDataGenerator: mltk's behaviour without its faults."""

import inspect
from collections.abc import Iterable
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from raydrift.flows import ParallelDirectoryIterator, ParallelImageDataGenerator

SIZE = (6, 8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of 7 and 3 grey images, each of one level."""
    for name, count in (("a", 7), ("b", 3)):
        (tmp_path / name).mkdir()
        for number in range(count):
            level = 10 * number + (100 if name == "b" else 0)
            Image.new("L", (8, 6), level).save(tmp_path / name / f"{number}.png")
    return tmp_path


def joined(batches: Iterable[list[Any]]) -> list[Any]:
    return list(chain.from_iterable(batches))


def flow_of(folder: Path, given: dict[str, Any] | None = None, **arguments: Any) -> Any:
    arguments = {"target_size": SIZE, "shuffle": False, "batch_size": 4, **arguments}
    return ParallelImageDataGenerator(**(given or {})).flow_from_directory(folder, **arguments)


def test_all_arguments_are_by_name_and_unknown_ones_are_refused() -> None:
    kinds = {one.kind for one in inspect.signature(ParallelImageDataGenerator).parameters.values()}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}
    with pytest.raises(TypeError):
        ParallelImageDataGenerator(core=3)
    with pytest.raises(TypeError):
        ParallelImageDataGenerator(True)  # type: ignore[misc]


def test_the_transform_that_does_nothing_has_twelve_keys() -> None:
    generator = ParallelImageDataGenerator(rotation_range=20, random_transforms_enabled=False)
    neutral = [0, 0, 0, 0, 1, 1, 0, 0, None, None, None, None]
    assert list(generator.default_transform.values()) == neutral
    assert generator.get_random_transform((8, 8, 3)) == generator.default_transform


def test_contrast_and_noise_are_drawn_and_the_parameters_tell_every_pixel() -> None:
    generator = ParallelImageDataGenerator(contrast_range=(0.5, 1.5), noise=["gauss", "speckle"])
    drawn = generator.get_random_transform((8, 8, 3), seed=1)
    assert list(drawn)[-3:] == ["contrast", "noise", "noise_seed"]
    x = np.random.RandomState(0).uniform(0, 255, (8, 8, 3)).astype("float32")
    made = generator.apply_transform(x, drawn)
    assert np.array_equal(made, generator.apply_transform(x, drawn))
    assert not np.array_equal(made, x)
    with pytest.raises(ValueError, match="noise is 'salt'"):
        ParallelImageDataGenerator(noise=["salt"])
    with pytest.raises(ValueError, match="contrast_range"):
        ParallelImageDataGenerator(contrast_range=0.5)


def test_a_loop_is_one_epoch_of_full_batches(folder: Path) -> None:
    flow = flow_of(folder, class_mode="sparse")
    for _ in range(2):
        levels = [x[:, 0, 0, 0].tolist() for x, _ in flow]
        assert levels == [[0, 10, 20, 30], [40, 50, 60, 100], [110, 120, 0, 10]]
    assert len(list(zip(flow, range(2), strict=False))) == 2
    assert len(list(flow)) == 3  # a loop begins an epoch
    shuffled = flow_of(folder, shuffle=True, seed=1, class_mode=None)
    batches = [x[:, 0, 0, 0].tolist() for x in shuffled]
    assert len(set(joined(batches))) == 10
    assert [len(batch) for batch in batches] == [4, 4, 4]
    assert next(shuffled).shape == (4, 6, 8, 3)
    assert shuffled.epoch == 1


def test_the_share_for_validation_is_rounded_up(folder: Path) -> None:
    given = {"validation_split": 0.25}
    assert flow_of(folder, given, subset="validation").filenames == [
        "a/0.png", "a/1.png", "b/0.png",
    ]  # fmt: skip
    assert flow_of(folder, given, subset="training").n == 7


def test_what_the_iterator_tells(folder: Path) -> None:
    counts: dict[str, int] = {}
    flow = flow_of(folder, {"max_samples_per_class": 4}, class_counts=counts)
    assert isinstance(flow, ParallelDirectoryIterator)
    assert (flow.sample_count, flow.batch_shape, flow.interpolation) == (
        7,
        (4, 6, 8, 3),
        "bilinear",
    )
    assert counts == {"a": 4, "b": 3}
    assert flow.class_labels.tolist() == [0] * 4 + [1] * 3
    assert (flow.cores, flow.debug, flow.max_batches_pending) == (0.25, False, 4)
    assert (flow.is_running, flow.is_shutdown, flow.pool) == (False, False, None)
    flow.shutdown()
    assert flow.is_shutdown
    next(flow)
    assert not flow.is_shutdown
    assert flow_of(folder, batch_size=-1).batch_size == 10
    assert not (folder / ".index").exists()


SEEN: list[Any] = []


def before(_: Any, x: Any, filename: str) -> Any:
    SEEN.append((x.dtype, filename))
    return x


def after(
    params: Any, x: Any, batch_index: int, class_id: int, batch_filenames: Any, batch_class_ids: Any
) -> Any:
    assert batch_class_ids[0] in (0, 1)
    SEEN.append((x.dtype, class_id, batch_index, len(batch_filenames), params.n_classes))
    return x + 1000 * class_id


def test_functions_are_given_what_they_name(folder: Path) -> None:
    SEEN.clear()
    given = {"noaug_preprocessing_function": before, "preprocessing_function": after}
    flow = flow_of(folder, {**given, "rescale": 2}, class_mode="sparse")
    batches = list(flow)
    assert SEEN[0] == (np.uint8, "a/0.png")
    assert SEEN[-1] == (np.float32, 0, 2, 4, 2)
    for x, y in batches:
        assert (x[:, 0, 0, 0] >= 2000).tolist() == (y == 1).tolist()
    assert batches[0][0][1, 0, 0, 0] == 20  # rescaled after the functions


def test_functions_work_for_arrays_and_frames(folder: Path) -> None:
    given: Any = {
        "preprocessing_function": lambda params, x, class_id, filename: x[:2] * 0 + class_id,
        "batch_size": 3,
    }
    generator = ParallelImageDataGenerator(**given)
    x, y = next(generator.flow(np.zeros((5, 4, 4, 1)), [5, 6, 7, 8, 9], 32, False))
    assert x.shape == (3, 2, 4, 1)
    assert x[:, 0, 0, 0].tolist() == y.tolist() == [5, 6, 7]
    frame = pd.DataFrame({"filename": ["a/0.png", "b/0.png"], "class": ["p", "q"]})
    x, _ = next(generator.flow_from_dataframe(frame, folder, target_size=SIZE, shuffle=False))
    assert x[:, 0, 0, 0].tolist() == [0, 1, 0]


def test_a_function_can_make_whole_batches(folder: Path) -> None:
    def made(batch_index: int, filenames: Any, classes: Any, params: Any) -> Any:
        return batch_index, (filenames, classes.tolist(), params.batch_shape)

    flow = flow_of(folder, {"get_batch_function": made})
    assert next(flow) == (["a/0.png", "a/1.png", "a/2.png", "a/3.png"], [0] * 4, (4, 6, 8, 3))


def test_a_function_can_list_the_files_and_one_sample_can_be_several(folder: Path) -> None:
    def listed(search_class: str, split: Any, **_: Any) -> Any:
        assert split is None
        names = [f"{search_class}/{number}.png" for number in range(3)]
        return search_class, list(pairwise(names))

    given = {"preprocessing_function": lambda params, x: np.concatenate(x, axis=2)}
    flow = flow_of(
        folder,
        given,
        list_valid_filenames_in_directory_function=listed,
        batch_shape=(2, 6, 8, 6),
        class_mode=None,
    )
    assert (flow.n, flow.batch_size) == (4, 2)
    assert next(flow)[0, 0, 0].tolist() == [0, 0, 0, 10, 10, 10]


def test_arrays_in_files_are_images_too(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for number in range(3):
        np.save(tmp_path / "a" / f"{number}.npy", np.full((5, 4, 2), number, np.float32))
    x = next(flow_of(tmp_path, class_mode=None, batch_size=3))
    assert (x.shape, x[:, 0, 0, 0].tolist()) == ((3, 5, 4, 2), [0, 1, 2])


def test_augmented_images_are_saved_in_a_folder_that_is_made(folder: Path) -> None:
    out = folder.parent / "saved" / "here"
    given = {"save_to_dir": out, "save_prefix": "p", "save_format": "jpeg"}
    next(flow_of(folder, given))
    assert sorted(path.name.split("_")[:2] for path in out.iterdir()) == [
        ["p", f"a-{number}.png"] for number in range(4)
    ]


@pytest.mark.parametrize(
    ("given", "subset", "workers"),
    [
        ({}, None, 0),
        ({"debug": True, "cores": 4}, None, 0),
        ({"cores": 1}, None, 1),
        ({"cores": 0.5}, None, 0.5),
        ({"cores": 0.5}, "validation", 0.25),
        ({"cores": 1}, "validation", 1),
        ({"cores": -1}, None, 1.0),
        ({"cores": 1.0}, None, 1.0),
        ({"cores": -1}, "validation", 0.5),
        ({"workers": 1.0}, None, 1),
        ({"workers": 3}, None, 3),
        ({"cores": 10_000}, None, "all"),
    ],
)
def test_cores_are_processes_of_ray(given: Any, subset: Any, workers: Any) -> None:
    import os

    options = ParallelImageDataGenerator(**given).flow_options
    found = options.processes(100, subset == "validation")
    assert found == (os.cpu_count() if workers == "all" else workers)
    assert type(found) is (int if workers == "all" else type(workers))
    assert options.processes(100, subset == "validation", in_memory=True) == found


def test_a_share_above_one_is_refused_when_a_flow_is_made(folder: Path) -> None:
    generator = ParallelImageDataGenerator(cores=1.5)
    with pytest.raises(ValueError, match=r"cores is 1\.5"):
        generator.flow_from_directory(folder)
    with pytest.raises(ValueError, match="batch_size is 0"):
        flow_of(folder, batch_size=0)


def test_an_empty_class_is_an_error(folder: Path) -> None:
    (folder / "c").mkdir()
    with pytest.raises(RuntimeError, match="c"):
        flow_of(folder)
