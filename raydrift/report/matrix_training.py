"""What the page of a matrix says of the networks that were trained for it."""

from raydrift.paths import redacted
from raydrift.report.text import level_name
from raydrift.settings.matrix import MatrixSettings
from raydrift.settings.task import written_channels
from raydrift.settings.train import TrainSettings


def training_flags(train: TrainSettings) -> list[str]:
    """What the command line says of a training."""
    words = ["--train", train.network, "--epochs", str(train.epochs), "--lr", f"{train.lr:g}"]
    words += ["--train-batch-size", str(train.batch_size), "--augmentation", train.augmentation]
    words += ["--train-weights", redacted(train.weights)]
    words += ["--train-normalize", written_channels(train.normalize)]
    return words + (["--keep-models"] if train.keep_models else [])


def training_fact(train: TrainSettings) -> str:
    """The network, and how it is trained."""
    begins = "drawn weights" if train.weights == "random" else f"weights {redacted(train.weights)}"
    loss = "the Dice loss" if train.has_masks else "cross entropy"
    augmentation = "no" if train.augmentation == "none" else train.augmentation
    epochs = "1 epoch" if train.epochs == 1 else f"{train.epochs} epochs"
    return (
        f"{train.title}, from {begins}, by {loss}: Adam, learning rate {train.lr:g}, {epochs}, "
        f"batches of {train.batch_size}, {augmentation} augmentation, normalisation "
        f"{written_channels(train.normalize)}"
    )


def splits_fact(settings: MatrixSettings) -> str:
    """How the images were split."""
    classes = settings.train is None or not settings.train.has_masks
    files = "the files of each class" if classes else "the files"
    return (
        f"{settings.splits} splits by file, {level_name(settings.train_size)} of {files} to learn "
        "from"
    )
