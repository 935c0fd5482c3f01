"""What the networks of a CycleGAN are trained to make small (Zhu et al. 2017, section 3)."""

from torch import Tensor
from torch.nn import functional


def adversarial_loss(scores: Tensor) -> Tensor:
    """How far translated images are from being taken as real (least squares, Mao et al. 2017).

    Args:
        scores: Of a discriminator, for translated images.

    Returns:
        The mean over images and patches of (score - 1)².
    """
    return (scores - 1).square().mean()


def discriminator_loss(real: Tensor, translated: Tensor) -> Tensor:
    """How far a discriminator is from scoring real images 1 and translated ones 0.

    Args:
        real: Its scores for real images.
        translated: Its scores for translated ones.

    Returns:
        Half the sum of both mean squared errors: 0.25 if all scores are 0.5.
    """
    return ((real - 1).square().mean() + translated.square().mean()) / 2


def cycle_loss(images: Tensor, returned: Tensor, lambda_cycle: float) -> Tensor:
    """How far images are from what both translations, there and back, make of them.

    Args:
        images: Real ones, in [-1, 1].
        returned: They, translated there and back.
        lambda_cycle: The weight.

    Returns:
        The weighted mean absolute difference.
    """
    return lambda_cycle * functional.l1_loss(returned, images)


def identity_loss(
    images: Tensor, translated: Tensor, lambda_cycle: float, lambda_identity: float
) -> Tensor:
    """How far a generator is from leaving images as they are that are of its domain already.

    Args:
        images: Real ones of the domain that the generator translates into, in [-1, 1].
        translated: What the generator makes of them.
        lambda_cycle: The weight of the cycle loss.
        lambda_identity: The weight of this loss as a share of ``lambda_cycle``.

    Returns:
        The weighted mean absolute difference.
    """
    return lambda_identity * lambda_cycle * functional.l1_loss(translated, images)
