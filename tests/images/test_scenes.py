"""Drawn image sets: six classes, each image fixed by its class, seed and index."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from raydrift.images.scenes import SCENES, draw_scene, write_scenes


def test_there_are_six_classes() -> None:
    assert list(SCENES) == ["boat", "city_night", "desert", "flower", "house", "mountain"]


@pytest.mark.parametrize("class_name", SCENES)
def test_a_scene_is_an_rgb_image_of_the_size_asked_for(class_name: str) -> None:
    landscape = draw_scene(class_name, seed=0, index=0)
    portrait = draw_scene(class_name, seed=0, index=0, height=64, width=48)
    assert landscape.shape == (240, 320, 3)
    assert portrait.shape == (64, 48, 3)
    assert landscape.dtype == portrait.dtype == np.uint8
    assert landscape.flags.c_contiguous


@pytest.mark.parametrize("class_name", SCENES)
def test_equal_arguments_give_equal_bytes(class_name: str) -> None:
    first = draw_scene(class_name, seed=3, index=7, height=60, width=80)
    again = draw_scene(class_name, seed=3, index=7, height=60, width=80)
    assert first.tobytes() == again.tobytes()


def test_every_class_seed_and_index_gives_another_image() -> None:
    images = {
        draw_scene(class_name, seed, index, height=60, width=80).tobytes()
        for class_name in SCENES
        for seed in range(2)
        for index in range(3)
    }
    assert len(images) == 6 * 2 * 3


def test_a_class_is_told_by_its_nearest_neighbour() -> None:
    def thumbnails(seed: int, count: int) -> npt.NDArray[np.float32]:
        drawn = [draw_scene(name, seed, i, 60, 80) for name in SCENES for i in range(count)]
        small = [cv2.resize(image, (16, 12), interpolation=cv2.INTER_AREA) for image in drawn]
        return np.array(small, np.float32).reshape(len(SCENES), count, -1)

    known, unseen = thumbnails(seed=0, count=20), thumbnails(seed=1, count=5)
    distances = np.linalg.norm(unseen[:, :, None, None] - known, axis=-1)
    told = distances.min(-1).argmin(-1)
    assert np.all(told == np.arange(len(SCENES))[:, None])


def test_an_unknown_class_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no scene") as error:
        draw_scene("cat", seed=0, index=0)
    known = "boat, city_night, desert, flower, house, mountain"
    assert str(error.value) == f"no scene is called 'cat': choose from {known}"


def test_images_are_written_in_class_folders(tmp_path: Path) -> None:
    assert write_scenes(tmp_path, per_class=2, height=48, width=64) == 12
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")) == [
        f"{class_name}/{class_name}_{index:03d}.jpg" for class_name in SCENES for index in range(2)
    ]


def test_the_same_arguments_write_the_same_files(tmp_path: Path) -> None:
    for folder in ("first", "again"):
        write_scenes(tmp_path / folder, per_class=1, seed=5, height=48, width=64)
    first, again = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).rglob("*.jpg")}
        for folder in ("first", "again")
    )
    assert first == again
    assert len(first) == 6


def test_a_file_holds_the_drawn_image_in_its_colours(tmp_path: Path) -> None:
    write_scenes(tmp_path, per_class=1, seed=2)
    for class_name in SCENES:
        stored = np.asarray(Image.open(tmp_path / class_name / f"{class_name}_000.jpg"))
        drawn = draw_scene(class_name, seed=2, index=0)
        assert stored.shape == drawn.shape
        assert np.abs(stored.astype(int) - drawn).mean() < 4
