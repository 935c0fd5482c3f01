"""The second face in Keras: ``model.fit`` takes it, and each epoch has its own images."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from raydrift.errors import SettingsError
from raydrift.flows import Augment, Flow
from raydrift.flows.keras_batches import KerasBatches


@pytest.fixture
def flow(scenes: Path) -> Flow:
    return Flow(scenes, augment=Augment(rotate=20), size=(24, 32), batch_size=16, seed=3)


def data_of(flow: Flow, mode: str = "int", rescale: float = 1.0) -> KerasBatches:
    """What Keras is given, but for the class of Keras'."""
    return KerasBatches(flow.train, mode, rescale)


def test_batch_i_is_the_same_whatever_is_asked_first(flow: Flow) -> None:
    forward, backward = data_of(flow), data_of(flow)
    ahead = [forward[place] for place in range(len(forward))]
    back = [backward[place] for place in reversed(range(len(backward)))][::-1]
    for (images, labels), (others, their_labels) in zip(ahead, back, strict=True):
        np.testing.assert_array_equal(images, others)
        np.testing.assert_array_equal(labels, their_labels)
        assert images.dtype == np.float32


def test_a_look_at_one_batch_does_not_skip_an_epoch(flow: Flow) -> None:
    data = data_of(flow)
    data.on_epoch_begin()
    looked, _ = data[0]
    data.on_epoch_end()
    first, _ = data[0]
    np.testing.assert_array_equal(looked, first)
    for place in range(len(data)):
        data[place]
    data.on_epoch_end()
    assert data.epoch == 1
    later, _ = data[0]
    assert not np.array_equal(later, first)
    np.testing.assert_array_equal(later, next(flow.train.numpy(1)).images)


def test_labels_are_numbers_or_one_value_a_class(flow: Flow) -> None:
    images, labels = data_of(flow, "categorical", rescale=1 / 255)[0]
    assert images.max() <= 1
    assert labels.shape == (16, 6)
    assert labels.argmax(axis=1).tolist() == data_of(flow)[0][1].tolist()
    with pytest.raises(SettingsError, match=r"^label_mode is 'binary': choose from: int, categ"):
        flow.train.keras("binary")
    with pytest.raises(IndexError, match="batch 5: an epoch has 5, the first is 0"):
        data_of(flow)[5]


def test_an_epoch_of_one_batch_is_trained_too(scenes: Path) -> None:
    """Keras 3 looks at a batch and ends an epoch; then each epoch is read and ended."""
    flow = Flow(scenes, augment=Augment(rotate=20), size=16, batch_size=100, epochs=3)
    data = data_of(flow)
    given = []
    for _ in range(5):  # the look, three epochs, and an evaluation behind them
        data.on_epoch_begin()
        given.append(data[0][0])
        data.on_epoch_end()
    expected = [next(flow.train.numpy(epoch)).images for epoch in (0, 0, 1, 2, 2)]
    for found, image in zip(given, expected, strict=True):
        np.testing.assert_array_equal(found, image)


def test_masks_stand_where_the_labels_do(scenes: Path, tmp_path: Path) -> None:
    for path in scenes.rglob("*.jpg"):
        mask = tmp_path / path.relative_to(scenes).with_suffix(".png")
        mask.parent.mkdir(exist_ok=True)
        Image.fromarray(np.asarray(Image.open(path).convert("L")) // 128).save(mask)
    flow = Flow(scenes, masks=tmp_path, size=(24, 32), batch_size=16)
    _, masks = data_of(flow, "mask")[0]
    assert masks.shape == (16, 24, 32)
    with pytest.raises(SettingsError, match="the flow has none: give it masks=FOLDER"):
        Flow(scenes).train.keras("mask")


def test_keras_has_to_be_imported_first(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("keras", "tf_keras"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(SettingsError, match=r"^Keras was not imported: import keras, then call"):
        flow.train.keras()


def test_after_restore_keras_begins_the_epoch_anew(flow: Flow) -> None:
    list(flow.train.numpy(0))
    next(flow.train.numpy(1))
    state = flow.state()
    flow.restore(state)
    data = data_of(flow)
    assert data.epoch == 1
    np.testing.assert_array_equal(data[0][0], next(flow.train.numpy(1)).images)
    assert all(data[place][0].shape[0] for place in range(len(data)))
