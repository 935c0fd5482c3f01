"""What the networks of a StyleGAN2 are trained to lower."""

import torch
from torch import Tensor
from torch.nn.functional import softplus


def generator_loss(fake: Tensor) -> Tensor:
    """The mean of -log sigmoid(D(fake)): "non-saturating" (Goodfellow et al. 2014).

    Args:
        fake: Scores of generated images, of shape (n,).
    """
    return softplus(-fake).mean()


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """The mean of -log sigmoid(D(real)) - log(1 - sigmoid(D(fake))).

    Args:
        real: Scores of real images, of shape (n,).
        fake: Scores of generated images, of shape (n,).
    """
    return softplus(fake).mean() + softplus(-real).mean()


def gradient_penalty(scores: Tensor, images: Tensor) -> Tensor:
    """R1: the mean over images of the squared gradient of the score (Mescheder et al. 2018).

    Args:
        scores: Of shape (n,), made from the images; an image's score depends on that image, and
            through the comparison in groups on its neighbours.
        images: Real images that require a gradient, of shape (n, channels, height, width).

    Returns:
        |dD / dx|², without gamma / 2. It can be differentiated.
    """
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return gradient.square().flatten(1).sum(dim=1).mean()


def path_lengths(images: Tensor, styles: Tensor, noise: Tensor) -> Tensor:
    """How far images move when w moves: |Jᵀ y| with J = dG / dw and an image y of noise.

    (Karras et al. 2020, "Analyzing and improving the image quality of StyleGAN", 3.2.)

    Args:
        images: Made from the styles, of shape (n, channels, height, width).
        styles: w for every place, of shape (n, places, latent), with a gradient.
        noise: N(0, 1), of the images' shape.

    Returns:
        Lengths of shape (n,): the root of the mean over places of the squared gradients of
        sum(image · noise / sqrt(height · width)). They can be differentiated.
    """
    pixels = images.shape[2] * images.shape[3]
    projected = (images * noise).sum() / pixels**0.5
    (gradient,) = torch.autograd.grad(projected, styles, create_graph=True)
    return gradient.square().sum(dim=2).mean(dim=1).sqrt()


def path_penalty(lengths: Tensor, mean: Tensor) -> Tensor:
    """The mean squared distance of path lengths to their running mean.

    Args:
        lengths: Of shape (n,).
        mean: The running mean, without a gradient, so that it does not matter how many processes
            share a batch.
    """
    return (lengths - mean.detach()).square().mean()
