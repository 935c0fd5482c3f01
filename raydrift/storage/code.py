"""The code of transforms that do not come with raydrift: what it was when a run began."""

import inspect
from hashlib import sha256

from raydrift.transforms import Transform


def code_digest(transform: Transform) -> str:
    """SHA-256 of the source of a transform's module, or of its class where there is no file.

    What the module imports is not looked at. Empty where Python has no source either.
    """
    kind = type(transform)
    for where in (inspect.getmodule(kind), kind):
        try:
            return sha256(inspect.getsource(where).encode()).hexdigest()  # type: ignore[arg-type]
        except (OSError, TypeError):
            continue
    return ""
