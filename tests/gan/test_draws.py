"""What a training step draws depends on the seed, the step and the purpose, and on nothing else."""

from itertools import product

import numpy as np
import torch

from raydrift.gan.draws import Purpose, step_generator, step_numbers, weight_generator


def test_the_same_is_drawn_again_whatever_was_drawn_before() -> None:
    first = torch.randn(4, generator=step_generator(7, 3, Purpose.NOISE))
    torch.manual_seed(0)
    torch.randn(100)
    again = torch.randn(4, generator=step_generator(7, 3, Purpose.NOISE))
    assert torch.equal(first, again)
    numbers = step_numbers(7, 3, Purpose.CROP).random(4)
    np.testing.assert_array_equal(step_numbers(7, 3, Purpose.CROP).random(4), numbers)


def test_another_seed_step_purpose_or_phase_draws_others() -> None:
    asked = list(product((1, 2), (0, 1, 2), Purpose, (0, 1, 2)))
    numbers = {step_numbers(*key).random() for key in asked}
    tensors = {torch.rand(1, generator=step_generator(*key)).item() for key in asked}
    assert len(numbers) == len(asked)
    assert len(tensors) > 0.99 * len(asked)  # float32 has equal ones by chance


def test_weights_begin_with_draws_of_their_own_network() -> None:
    first, second = (torch.randn(8, generator=weight_generator(1, n)) for n in (0, 1))
    assert not torch.equal(first, second)
    assert torch.equal(first, torch.randn(8, generator=weight_generator(1, 0)))
    assert not torch.equal(first, torch.randn(8, generator=weight_generator(2, 0)))


def test_purposes_keep_their_numbers() -> None:
    """A training that is continued draws by them what it would have drawn."""
    assert [purpose.name for purpose in sorted(Purpose)] == [
        "CROP", "POOL", "LATENT", "MIXING", "NOISE", "AUGMENT", "PATH", "PARTNER", "MIRROR", "CLASS"
    ]  # fmt: skip
    assert [int(purpose) for purpose in sorted(Purpose)] == list(range(10))
    assert step_numbers(42, 5, Purpose.POOL, 1).integers(1000, size=3).tolist() == [731, 601, 416]
