"""``model.fit`` of Keras 3 on torch takes both faces of flows, and trains on epochs 0 and 1."""

import subprocess
import sys
from pathlib import Path

import pytest

MODEL = """
import os, sys
os.environ["KERAS_BACKEND"] = "torch"
import keras

def fitted(train, validation, shuffle):
    assert isinstance(train, keras.utils.PyDataset)
    layers = [keras.Input((24, 24, 3)), keras.layers.Flatten()]
    model = keras.Sequential([*layers, keras.layers.Dense(6, activation="softmax")])
    model.compile(loss="categorical_crossentropy", metrics=["accuracy"])
    done = model.fit(train, validation_data=validation, epochs=2, verbose=0, shuffle=shuffle)
    assert len(done.history["val_loss"]) == 2
    return model
"""

KERAS_FACE = """
from raydrift.flows import ImageDataGenerator

class Noting(ImageDataGenerator):
    noted = []

    def apply_transform(self, x, parameters):
        self.noted.append(parameters["theta"])
        return super().apply_transform(x, parameters)

augmenting = Noting(rotation_range=9, rescale=1 / 255, validation_split=0.25)
options = {"target_size": (24, 24), "batch_size": 16}
train = augmenting.flow_from_directory(sys.argv[1], subset="training", seed=5, **options)
plain = ImageDataGenerator(rescale=1 / 255, validation_split=0.25)
validation = plain.flow_from_directory(sys.argv[1], subset="validation", shuffle=False, **options)
for shuffle in (False, True):
    train.set_epoch(0)
    Noting.noted.clear()
    model = fitted(train, validation, shuffle)
    seen = set(Noting.noted)
    Noting.noted.clear()
    for epoch in range(2):
        train.set_epoch(epoch)
        for place in range(len(train)):
            train[place]
    assert seen == set(Noting.noted), "epochs 0 and 1, each image once"
    assert len(seen) == 2 * 54
assert model.predict(validation, verbose=0).shape == (18, 6)
"""

SECOND_FACE = """
from raydrift.flows import Augment, Flow

flow = Flow(sys.argv[1], augment=Augment(flip=True, rotate=9), size=24, batch_size=16, split=0.25)
data = flow.train.keras("categorical", rescale=1 / 255)
fitted(data, flow.validation.keras("categorical"), shuffle=False)
assert data.epoch == 2
"""


@pytest.mark.parametrize("face", [KERAS_FACE, SECOND_FACE], ids=["ImageDataGenerator", "Flow"])
def test_model_fit_takes_it_for_two_epochs(scenes: Path, face: str) -> None:
    """In a process of its own: a flow looks at which Keras was imported."""
    command = [sys.executable, "-c", MODEL + face, str(scenes)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr
