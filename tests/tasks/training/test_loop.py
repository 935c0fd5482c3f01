"""The steps of a training: stopped, they go on as if they were not."""

from io import BytesIO

import pytest
import torch
from torch import Tensor, nn

from raydrift.errors import PipelineError
from raydrift.tasks.training.loop import Training


class Stopped(BaseException):
    pass


def training(rate: float = 0.1) -> Training:
    drawn = torch.Generator().manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    with torch.no_grad():
        for one in model.parameters():
            one.copy_(torch.randn(one.shape, generator=drawn))
    optimizer = torch.optim.Adam(model.parameters(), rate)
    return Training(model, optimizer, nn.functional.mse_loss)


class Drawn:
    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        given = torch.randn(32, 3, generator=torch.Generator().manual_seed(step))
        return given, given.sum(1, keepdim=True)


def test_it_learns() -> None:
    one = training()
    losses: list[float] = []
    one.run(Drawn(), 120, lambda: losses.append(one.last_loss))
    assert len(losses) == 120
    assert sum(losses[-10:]) < sum(losses[:10]) / 4


@pytest.mark.parametrize("at", [1, 7, 11])
def test_stopped_after_any_step_it_comes_to_the_same_bits(at: int) -> None:
    whole, first, second = training(), training(), training()
    whole.run(Drawn(), 12)
    kept: list[bytes] = []

    def stop() -> None:
        if first.steps == at:
            kept.append(first.state())
            raise Stopped

    with pytest.raises(Stopped):
        first.run(Drawn(), 12, stop)
    second.restore(kept[0])
    second.run(Drawn(), 12)
    assert second.steps == 12
    there = whole.model.state_dict()
    assert all(torch.equal(one, there[name]) for name, one in second.model.state_dict().items())


def test_a_loss_that_is_no_number_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(PipelineError) as caught:
        training(1e30).run(Drawn(), 50)
    assert str(caught.value).startswith("the training came to a loss of ")
    assert str(caught.value).endswith(" of 50: give a smaller learning rate, --lr")


def test_what_is_no_state_of_it_is_refused() -> None:
    file = BytesIO()
    torch.save({"steps": 1, "model": {}, "optimizer": {}}, file)
    for data in (b"", b"no file", file.getvalue()):
        with pytest.raises(ValueError, match=r"^not the state of this training: "):
            training().restore(data)
