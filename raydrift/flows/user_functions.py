"""What functions of the user's do wrong, told so that the user finds it."""

import traceback
from typing import Any


def ended(error: StopIteration) -> RuntimeError:
    """What is raised in place of a ``StopIteration``, which would end a loop without a word.

    Args:
        error: What a function of the user's raised.
    """
    at = traceback.extract_tb(error.__traceback__)[-1]
    return RuntimeError(
        f"{at.name} (line {at.lineno} of {at.filename}) raised StopIteration, which would end a "
        "loop over the flow: catch it there"
    )


def returned(found: Any, name: str) -> Any:
    """What a function returned, which is to be an image.

    Raises:
        TypeError: It is None.
    """
    if found is None:
        raise TypeError(f"{name} returned None: return the image")
    return found
