"""A file with trained generators, and the networks that are made of it again.

The format is safetensors: there is no code in it, and nothing of it is a pickle.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from typing import Any, Final, cast

from safetensors.torch import load, save
from torch import Tensor, nn

from raydrift.errors import SettingsError, suggest
from raydrift.gan.model_content import (
    CYCLEGAN,
    FORMAT,
    KEY,
    MODEL_FILE,
    MODEL_FOLDER,
    STYLEGAN,
    ModelContent,
    content_of,
    model_place,
    read_content,
    weights_begin,
)
from raydrift.paths import StoragePath

__all__ = [
    "MODEL_FILE",
    "MODEL_FOLDER",
    "Model",
    "model_of",
    "model_place",
    "read_model",
    "write_model",
]

_BETWEEN: Final = "/"  # a generator's name and the name of its weight, which has no such sign
_HOMES: Final = {
    CYCLEGAN: "raydrift.gan.cyclegan.description",
    STYLEGAN: "raydrift.gan.stylegan.generator",
}
"""Where ``generator_of`` is, which makes a network of a kind from its description."""


@dataclass(frozen=True)
class Model:
    """Trained generators, as a file has them.

    Attributes:
        file: The file's content, checked.
        what: What it is called in messages.
    """

    file: ModelContent
    what: str

    @property
    def description(self) -> Mapping[str, Any]:
        """What the networks are: ``kind``, sizes, settings."""
        return self.file.description

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return self.file.digest

    @property
    def content(self) -> bytes:
        """The file's bytes."""
        return self.file.content

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the generators, sorted."""
        return self.file.generators

    def generator(self, name: str) -> nn.Module:
        """Makes a generator, in evaluation mode and without gradients, on the CPU.

        Args:
            name: Which one, as ``to_target``, ``to_source`` or ``generator``.

        Raises:
            SettingsError: There is none of this name, or its weights are of another network.
        """
        if name not in self.names:
            raise SettingsError(f"{self.what} has no network {name!r}: {suggest(name, self.names)}")
        network = _network(self.description, self.what)
        try:
            network.load_state_dict(self._weights(name))
        except (RuntimeError, ValueError) as error:
            said = " ".join(str(error).split())
            raise SettingsError(
                f"{self.what}: the weights of {name} are of another network ({said[:200]}): "
                "train it with this version of raydrift"
            ) from None
        return network.eval().requires_grad_(False)

    def _weights(self, name: str) -> dict[str, Tensor]:
        prefix = name + _BETWEEN
        return {
            key.removeprefix(prefix): value
            for key, value in load(self.content).items()
            if key.rpartition(_BETWEEN)[0] == name
        }


def write_model(generators: Mapping[str, nn.Module], description: Mapping[str, Any]) -> bytes:
    """The file of some generators: the same bytes for the same weights.

    Args:
        generators: The networks by name; all are of the kind that the description tells.
        description: What they are (``kind``, sizes, settings), as JSON holds it.
    """
    weights = {
        name + _BETWEEN + key: value.detach().cpu().contiguous().clone()
        for name, network in sorted(generators.items())
        for key, value in network.state_dict().items()
    }
    plain = save(weights)
    data = memoryview(plain)[weights_begin(plain) :]
    facts = {
        "format": FORMAT,
        "description": dict(description),
        "generators": sorted(generators),
        "weights": sha256(data).hexdigest(),
    }
    return save(weights, {KEY: json.dumps(facts, sort_keys=True)})


def read_model(
    place: str | os.PathLike[str] | StoragePath,
    options: Mapping[str, Any] | None = None,
    kind: str | None = None,
) -> Model:
    """Reads a model.

    Args:
        place: The folder of a run, or the file.
        options: How a remote place is reached (``StoragePath.of``).
        kind: The kind that is asked for, ``cyclegan`` or ``stylegan2``; None: any.

    Raises:
        SettingsError: There is none, or not one of raydrift's, or of another kind.
    """
    file = model_place(place, options)
    return Model(read_content(file, kind), f"model {file}")


def model_of(content: bytes, what: str, kind: str | None = None) -> Model:
    """A model from the bytes of its file.

    Args:
        content: The bytes.
        what: What it is called in messages.
        kind: As for ``read_model``.

    Raises:
        SettingsError: As ``read_model``.
    """
    return Model(content_of(content, what, kind), what)


def _network(description: Mapping[str, Any], what: str) -> nn.Module:
    kind = str(description.get("kind"))
    if kind not in _HOMES:
        known = ", ".join(_HOMES)
        raise SettingsError(f"{what} is of the kind {kind!r}, which is not known: give {known}")
    return cast(nn.Module, import_module(_HOMES[kind]).generator_of(description))
