"""A sheet of what an augmentation does: images as they are, and as they are in some epochs."""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from raydrift.augment.batches import BatchTask
from raydrift.checked import at_least
from raydrift.report.flow_sheet import FlowCard, augmented_sheet
from raydrift.text import plural

if TYPE_CHECKING:
    from raydrift.flows.part import FlowPart


def flow_sheet(part: "FlowPart", images: int, epochs: int) -> Image.Image:
    """Draws images of a part, spread over its classes, and what some epochs make of each.

    Args:
        part: The part for training.
        images: How many images, 1 or more.
        epochs: How many epochs, 1 or more.

    Raises:
        SettingsError: A number is less than 1.
        PipelineError: No image can be used.
    """
    at_least(1, "images", images)
    at_least(1, "epochs", epochs)
    count = min(images, part.samples)
    samples = np.linspace(0, part.samples - 1, count).astype(np.int64)
    plain = part.plain().make(BatchTask(0, 0, 0, samples))
    titles = part.maker.columns(plain)
    made = [part.maker.make(_task(part, samples, epoch)) for epoch in range(epochs)]
    cards = [
        FlowCard(
            titles["path"][place],
            plain.arrays[0][place],
            tuple(batch.arrays[0][place] for batch in made),
        )
        for place in range(count)
    ]
    seed, transforms = part.settings.seed, [str(one) for one in part.settings.infos]
    title = f"{plural(count, 'image')} in {plural(epochs, 'epoch')}"
    return augmented_sheet(cards, title, f"seed {seed}: {', '.join(transforms) or 'as they are'}")


def _task(part: "FlowPart", samples: np.ndarray, epoch: int) -> BatchTask:
    return BatchTask(epoch * len(part.order), epoch, 0, samples)
