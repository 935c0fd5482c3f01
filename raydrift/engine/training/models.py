"""The model of a run: one that was trained before, or one that is trained now."""

from dataclasses import dataclass

from raydrift.gan.model_content import ModelContent, model_place, read_content
from raydrift.paths import redacted
from raydrift.settings.generate import GenerateSettings


@dataclass(frozen=True)
class RunModel:
    """The model of a run.

    Attributes:
        file: Its file.
        shown: Where it is, as ``run.json`` shows it.
        notes: Plain sentences about its training.
    """

    file: ModelContent
    shown: str
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images that it was trained on, pixels."""
        return self.file.description["height"], self.file.description["width"]


def find_model(path: str, kind: str, run: GenerateSettings) -> RunModel:
    """Reads the model of an earlier run.

    Args:
        path: The run's folder, or the file.
        kind: ``cyclegan`` or ``stylegan2``.
        run: The run that wants it.

    Raises:
        SettingsError: There is none, or it is of another kind.
    """
    place = model_place(path, run.options_of("model"))
    return RunModel(read_content(place, kind), redacted(path))
