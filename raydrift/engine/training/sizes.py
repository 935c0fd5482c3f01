"""The size in which the pictures of a training are kept."""

from raydrift.engine.training.job import GanSettings
from raydrift.settings.translate import TranslateSettings


def kept_size(settings: GanSettings) -> tuple[int, int]:
    """Height and width: of a translation a little more than the network sees, to be cropped."""
    image = settings.run.image
    if isinstance(settings, TranslateSettings):
        from raydrift.gan.cyclegan.loading import load_size  # which imports torch

        return load_size(image)
    return image.height, image.width
