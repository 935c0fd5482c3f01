"""Parameters applied to an image, with what Keras does to images whose channels are first."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy.typing as npt

from raydrift.augment.applying import Look, apply
from raydrift.augment.compat import FIXED

_LEVELS: Final = ("brightness", "contrast", "noise", "noise_seed")


def applied(x: npt.NDArray[Any], parameters: Mapping[str, Any], look: Look) -> npt.NDArray[Any]:
    """Applies parameters as ``augment.applying.apply``.

    Keras takes the last axis for the channels where it changes brightness, wherever they are; only
    ``fixed`` does not.

    Args:
        x: One image, of 3 axes; it is not changed.
        parameters: By Keras' names; what is missing does nothing.
        look: How they are applied.

    Returns:
        The image; ``x`` itself where nothing is to do.
    """
    changes = parameters.get("brightness") is not None
    if look.compat == FIXED or look.data_format == "channels_last" or not changes:
        return apply(x, parameters, look)
    before = {name: value for name, value in parameters.items() if name not in _LEVELS}
    after = {name: parameters[name] for name in _LEVELS if name in parameters}
    return apply(apply(x, before, look), after, replace(look, data_format="channels_last"))
