"""What readers of a run ask for, whatever they make of it."""

from typing import Any, Protocol

from raydrift.images.decoded import RGB


class Samples(Protocol):
    """The samples of a run, by place from 0."""

    def __len__(self) -> int:
        """How many there are."""

    def image(self, place: int) -> RGB:
        """The pixels of a sample: uint8 RGB of shape (height, width, 3)."""

    def facts(self, place: int) -> dict[str, Any]:
        """What is known of it but its image and its class: plain numbers."""
