"""The second face in Keras: ``model.fit`` takes it, and each epoch has its own images."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from raydrift.errors import SettingsError
from raydrift.flows import Augment, Flow

FIT = """
import os, sys
os.environ["KERAS_BACKEND"] = "torch"
import keras
from raydrift.flows import Augment, Flow

flow = Flow(sys.argv[1], augment=Augment(flip=True, rotate=9), size=24, batch_size=16, split=0.25)
data = flow.train.keras("categorical", rescale=1 / 255)
assert isinstance(data, keras.utils.PyDataset)
model = keras.Sequential([
    keras.Input((24, 24, 3)), keras.layers.Flatten(), keras.layers.Dense(6, activation="softmax"),
])
model.compile(loss="categorical_crossentropy", metrics=["accuracy"])
done = model.fit(
    data, validation_data=flow.validation.keras("categorical"), epochs=2, verbose=0, shuffle=False
)
assert len(done.history["val_loss"]) == 2
print(data.epoch)
"""


@pytest.fixture
def flow(scenes: Path) -> Flow:
    return Flow(scenes, augment=Augment(rotate=20), size=(24, 32), batch_size=16, seed=3)


def test_batch_i_is_the_same_whatever_is_asked_first(flow: Flow) -> None:
    forward, backward = flow.train.keras(), flow.train.keras()
    ahead = [forward[place] for place in range(len(forward))]
    back = [backward[place] for place in reversed(range(len(backward)))][::-1]
    for (images, labels), (others, their_labels) in zip(ahead, back, strict=True):
        np.testing.assert_array_equal(images, others)
        np.testing.assert_array_equal(labels, their_labels)
        assert images.dtype == np.float32


def test_a_look_at_one_batch_does_not_skip_an_epoch(flow: Flow) -> None:
    data = flow.train.keras()
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
    images, labels = flow.train.keras("categorical", rescale=1 / 255)[0]
    assert images.max() <= 1
    assert labels.shape == (16, 6)
    assert labels.argmax(axis=1).tolist() == flow.train.keras()[0][1].tolist()
    with pytest.raises(SettingsError, match=r"^label_mode is 'binary': choose from: int, categ"):
        flow.train.keras("binary")
    with pytest.raises(IndexError, match="batch 5: an epoch has 5, the first is 0"):
        flow.train.keras()[5]


def test_model_fit_takes_it_for_two_epochs(scenes: Path) -> None:
    """In a process of its own: a flow looks at which Keras was imported."""
    done = subprocess.run(
        [sys.executable, "-c", FIT, str(scenes)], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "2"
