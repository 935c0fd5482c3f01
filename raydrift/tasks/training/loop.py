"""The steps of a training; it can be stopped after any of them, and goes on as if it was not."""

import math
from collections.abc import Callable
from io import BytesIO
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from raydrift.errors import PipelineError
from raydrift.tasks.losses import Loss


class Batches(Protocol):
    """What each step learns from; it depends on the number of the step alone."""

    def __getitem__(self, step: int) -> tuple[Any, Tensor]:
        """What the model is given in a step, and what is right."""


class Training:
    """A model in training, its optimiser, and how many steps they have taken.

    Args:
        model: What is trained; of what its optimiser has no parameters, nothing changes but the
            statistics of batch normalisations.
        optimizer: Changes the parameters.
        loss: What is made small.

    Attributes:
        steps: That were taken.
        last_loss: Of the last step, NaN before the first.

    >>> model = nn.Linear(1, 1)
    >>> batches = [(torch.ones(2, 1), torch.ones(2, 1))] * 3
    >>> loss = nn.functional.mse_loss
    >>> whole = Training(model, torch.optim.SGD(model.parameters(), 0.1), loss)
    >>> whole.run(batches, 3)
    >>> whole.steps
    3
    """

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, loss: Loss) -> None:
        self.model, self.optimizer = model, optimizer
        self._loss = loss
        self.steps = 0
        self.last_loss = math.nan

    def run(self, batches: Batches, steps: int, after: Callable[[], object] = lambda: None) -> None:
        """Takes the steps that are missing.

        Args:
            batches: What they learn from.
            steps: How many there are to be in all.
            after: Is called after each.

        Raises:
            PipelineError: The loss is no number any more.
        """
        self.model.train()
        while self.steps < steps:
            given, right = batches[self.steps]
            self.optimizer.zero_grad(set_to_none=True)
            loss = self._loss(self.model(given), right)
            self.last_loss = loss.item()
            if not math.isfinite(self.last_loss):
                raise PipelineError(
                    f"the training came to a loss of {self.last_loss} in step {self.steps + 1} of "
                    f"{steps}: give a smaller learning rate, --lr"
                )
            loss.backward()
            self.optimizer.step()
            self.steps += 1
            after()

    def state(self) -> bytes:
        """All that the next steps depend on, as a file of tensors and numbers."""
        file = BytesIO()
        whole = {
            "steps": self.steps,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(whole, file)
        return file.getvalue()

    def restore(self, data: bytes) -> None:
        """Goes on from what ``state`` gave; nothing but tensors and numbers is read.

        Raises:
            ValueError: It is no such file, or of another model.
        """
        try:
            whole: dict[str, Any] = torch.load(BytesIO(data), map_location="cpu", weights_only=True)
            self.model.load_state_dict(whole["model"])
            self.optimizer.load_state_dict(whole["optimizer"])
            self.steps = int(whole["steps"])
        except Exception as error:  # whatever a file of anything makes torch raise
            raise ValueError(f"not the state of this training: {error}") from None
