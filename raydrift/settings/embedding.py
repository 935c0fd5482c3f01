"""The network that looks at the drifted images."""

from dataclasses import dataclass

from raydrift.checked import check_types, choose, require


@dataclass(frozen=True)
class EmbeddingSettings:
    """The network that looks at the drifted images.

    Attributes:
        compute: Whether ``embeddings.parquet`` is written.
        weights: ``imagenet`` (torchvision's ``ResNet18_Weights.DEFAULT``), ``random``, or the path
            of a ResNet18 state dict.
        normalize: Whether pixels are normalised by ImageNet's mean and deviation.
        precision: ``float32`` or ``bfloat16``.
        batch_size: Images in a batch whose similarity is evaluated.
    """

    compute: bool = False
    weights: str = "imagenet"
    normalize: bool = False
    precision: str = "float32"
    batch_size: int = 32

    def __post_init__(self) -> None:
        check_types(self, "embedding.")
        choose("embedding.precision", self.precision, ("float32", "bfloat16"))
        require(bool(self.weights), "embedding.weights", self.weights, "imagenet, random or PATH")
        require(self.batch_size > 0, "embedding.batch_size", self.batch_size, "give at least 1")
