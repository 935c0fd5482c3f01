"""What the networks of a CycleGAN are, in words that JSON holds."""

from collections.abc import Mapping
from typing import Any, Final

from raydrift.errors import SettingsError
from raydrift.gan.cyclegan.generator import Generator, make_generator
from raydrift.gan.model_content import CYCLEGAN
from raydrift.settings.translate import TranslateSettings

# What a description calls a setting, and what the settings call it.
_OF_GENERATORS: Final = {
    "height": "image.height",
    "width": "image.width",
    "channels": "channels",
    "generator_width": "cyclegan.width",
    "blocks": "cyclegan.blocks",
}
_OF_DISCRIMINATORS: Final = {
    "discriminator_width": "cyclegan.discriminator_width",
    "discriminator_layers": "cyclegan.discriminator_layers",
}


def description_of(settings: TranslateSettings) -> dict[str, Any]:
    """Describes the networks of a training.

    Returns:
        ``kind``, ``height`` and ``width`` of the images, ``channels``, ``generator_width`` and
        ``blocks``; ``discriminator_width`` and ``discriminator_layers``; ``fit``, how images get
        their size.
    """
    return {
        "kind": CYCLEGAN,
        "height": settings.run.image.height,
        "width": settings.run.image.width,
        "channels": settings.channels,
        "generator_width": settings.cyclegan.width,
        "blocks": settings.cyclegan.blocks_at(settings.run.image),
        "discriminator_width": settings.cyclegan.discriminator_width,
        "discriminator_layers": settings.cyclegan.discriminator_layers,
        "fit": settings.validate.fit,
    }


def generator_of(description: Mapping[str, Any]) -> Generator:
    """Makes a generator again; its weights are 0, to be loaded afterwards.

    Args:
        description: As of ``description_of``.

    Raises:
        SettingsError: It is of no CycleGAN, or says too little.
    """
    _check_kind(description)
    sizes = []
    for name in ("channels", "generator_width", "blocks"):
        value = description.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise SettingsError(
                f"the model's {name} is {value!r}: its file is damaged, give another one"
            )
        sizes.append(value)
    channels, width, blocks = sizes
    return make_generator(channels, width, blocks, None)


def check_same_networks(
    saved: Mapping[str, Any], own: Mapping[str, Any], discriminators: bool = True
) -> None:
    """Makes sure that weights of a training fit the networks of another.

    Args:
        saved: The description of what is to be loaded.
        own: The description of the networks that are to take it.
        discriminators: Whether those of the discriminators are to be loaded, too.

    Raises:
        SettingsError: They are of other networks; the message names all settings that differ.
    """
    _check_kind(saved)
    names = _OF_GENERATORS | (_OF_DISCRIMINATORS if discriminators else {})
    differing = [name for name in names if saved.get(name) != own[name]]
    if differing:
        theirs = ", ".join(f"{names[name]} = {saved.get(name)}" for name in differing)
        ours = ", ".join(str(own[name]) for name in differing)
        raise SettingsError(
            f"the earlier training has {theirs}, this one {ours}: give the same, or train anew"
        )


def _check_kind(description: Mapping[str, Any]) -> None:
    kind = description.get("kind")
    if kind != CYCLEGAN:
        raise SettingsError(
            f"the model is of kind {kind!r}, not {CYCLEGAN!r}: give one of translate"
        )
