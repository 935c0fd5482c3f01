"""When an epoch is over, for what Keras calls at the beginning and at the end of it."""

from dataclasses import dataclass


@dataclass
class EpochCounter:
    """Counts epochs by what is read, and by what Keras says of their beginning and end.

    Before Keras 3 trains, it may begin an epoch, look at a batch for the shapes, and end the epoch;
    and it ends an epoch where none was begun. Neither is an epoch of training. A look is told from
    an epoch of one batch by what came before: Keras looks once, and then trains.

    Attributes:
        epoch: The current epoch, from 0.
        reads: Batches of it that were asked for since it was begun.

    >>> epochs = EpochCounter()
    >>> for _ in range(3):
    ...     epochs.begin()
    ...     epochs.read()
    ...     print(epochs.end(batches=1), epochs.epoch)
    False 0
    True 1
    True 2
    """

    epoch: int = 0
    reads: int = 0
    _begun: bool = False  # whether Keras has said that it begins an epoch
    _ended: bool = False  # whether anything was ended since the counter was set
    _may_look: bool = True  # whether one read may be a look: none came right before

    def begin(self) -> None:
        """Keras begins an epoch."""
        self._begun, self.reads = True, 0

    def read(self) -> None:
        """A batch of the epoch was asked for."""
        self.reads += 1

    def end(self, batches: int) -> bool:
        """Keras ends an epoch; returns whether it was one, and the next is the current one.

        Args:
            batches: How many an epoch has.
        """
        looked = self._begun and (
            (self._may_look and self.reads == 1)
            # A look through threads reads more than it needs.
            or (not self._ended and self.reads < batches)
        )
        is_over = self.reads > 0 and not looked
        self._may_look = self.reads > 1 and not looked
        self._ended, self._begun, self.reads = True, False, 0
        self.epoch += is_over
        return is_over

    def set(self, epoch: int) -> None:
        """Begins an epoch, whichever was the current one."""
        self.epoch, self.reads = epoch, 0
        self._begun, self._ended, self._may_look = False, False, True
