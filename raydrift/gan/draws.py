"""Random numbers of a training: each step draws its own, by (seed, step, purpose) alone.

So a training that is continued draws what one without a break draws, any number of workers draws
the same whole batch, and a checkpoint holds no state of a generator.
"""

from enum import IntEnum

import numpy as np
import torch

from raydrift import seeds

_SEEDS = 2**63


class Purpose(IntEnum):
    """What a step draws; a number keeps its meaning, or trainings of before cannot be continued."""

    CROP = 0
    POOL = 1
    LATENT = 2
    MIXING = 3
    NOISE = 4
    AUGMENT = 5
    PATH = 6
    PARTNER = 7
    MIRROR = 8
    CLASS = 9


def step_generator(
    seed: int, step: int, purpose: Purpose, phase: int = 0, device: str = "cpu"
) -> torch.Generator:
    """The generator of one purpose in one step.

    Args:
        seed: The run's.
        step: The step's number, from 0.
        purpose: What is drawn.
        phase: Which part of the step draws.
        device: Where tensors are drawn; numbers differ between kinds of devices.
    """
    return _for_torch(step_numbers(seed, step, purpose, phase), device)


def step_numbers(seed: int, step: int, purpose: Purpose, phase: int = 0) -> np.random.Generator:
    """As ``step_generator``, for numpy."""
    return seeds.generator(seed, seeds.GAN_DRAW, step, epoch=int(purpose) + 64 * phase)


def weight_generator(seed: int, network: int) -> torch.Generator:
    """What the weights of a network begin with, drawn on the CPU, so that GPUs begin alike."""
    return _for_torch(seeds.generator(seed, seeds.GAN_WEIGHTS, network))


def _for_torch(numbers: np.random.Generator, device: str = "cpu") -> torch.Generator:
    """A generator of torch's that is seeded with the next number."""
    made = torch.Generator(device=device)
    made.manual_seed(int(numbers.integers(_SEEDS)))
    return made
