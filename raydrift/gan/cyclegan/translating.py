"""Images through a generator: pixels in, pixels out."""

import numpy as np
import torch
from torch import nn

from raydrift.gan.trainer import Pixels


def translate_pixels(generator: nn.Module, pixels: Pixels) -> Pixels:
    """Translates images, one a call of the network, so that none depends on those beside it.

    Args:
        generator: From float32 of shape (1, c, h, w), -1 to 1, to the same; it runs where its
            weights are, in evaluation mode, and is left in the mode that it had.
        pixels: uint8 of shape (n, h, w, c).

    Returns:
        uint8 of shape (n, h, w, c), rounded to the nearest level and clipped. What is no number
        becomes black.
    """
    weight = next(generator.parameters(), None)
    device = torch.device("cpu") if weight is None else weight.device
    translated, training = np.empty_like(pixels), generator.training
    generator.eval()
    try:
        with torch.inference_mode():
            for image, place in zip(pixels, translated, strict=True):
                planes = torch.from_numpy(np.array(image)).to(device).permute(2, 0, 1)[None]
                found = generator(planes.float() / 127.5 - 1)[0].permute(1, 2, 0)
                levels = ((found.float() + 1) * 127.5).round().clamp(0, 255).nan_to_num(0)
                place[...] = levels.to(torch.uint8).cpu().numpy()
    finally:
        generator.train(training)
    return translated
