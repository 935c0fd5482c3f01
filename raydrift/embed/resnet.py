"""torchvision's ResNet18 without its last layer, on a CPU or a GPU."""

import contextlib
from io import BytesIO
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models import resnet18
from torchvision.models.resnet import ResNet

from raydrift.codec import RGB
from raydrift.embed.weights import Weights
from raydrift.errors import WeightsError
from raydrift.schemas import EMBEDDING_SIZE
from raydrift.settings import EmbeddingSettings

INPUT_SIZE: Final = 224
"""Height and width of what the network sees; images of another size are resized for it."""

_MEAN: Final = (0.485, 0.456, 0.406)
_DEVIATION: Final = (0.229, 0.224, 0.225)


class Embedder:
    """Turns pixels into embeddings.

    An image's embedding depends on the image alone: every call of the network has ``batch_size``
    images, the last ones padded, so it does not matter which images it comes with.

    Args:
        weights: What ``find_weights`` found.
        settings: Precision, normalisation and batch size.
        device: A torch device; None: the GPU if there is one, else the CPU.
        threads: CPU threads that the network may use; None: as many as torch likes.

    Raises:
        WeightsError: The file is not a ResNet18 state dict.
    """

    def __init__(
        self,
        weights: Weights,
        settings: EmbeddingSettings,
        device: str | None = None,
        threads: int | None = None,
    ) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self._settings = settings
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self._type = torch.bfloat16 if settings.precision == "bfloat16" else torch.float32
        network = fold(load_network(weights)).to(self._device, self._type)
        self._network = network.to(memory_format=torch.channels_last)
        shape = (1, 3, 1, 1)
        self._mean = torch.tensor(_MEAN, device=self._device).view(shape)
        self._deviation = torch.tensor(_DEVIATION, device=self._device).view(shape)

    def __call__(self, pixels: RGB) -> npt.NDArray[np.float64]:
        """Embeds images.

        Args:
            pixels: uint8 RGB of shape (n, height, width, 3).

        Returns:
            float64 of shape (n, 512).
        """
        size = self._settings.batch_size
        embeddings = np.empty((len(pixels), EMBEDDING_SIZE), np.float64)
        with torch.inference_mode(), self._exact():
            for start in range(0, len(pixels), size):
                batch = pixels[start : start + size]
                embeddings[start : start + size] = self._embed(batch)[: len(batch)]
        return embeddings

    def _embed(self, batch: RGB) -> npt.NDArray[np.float64]:
        missing = self._settings.batch_size - len(batch)
        if missing:
            batch = np.concatenate([batch, np.zeros((missing, *batch.shape[1:]), np.uint8)])
        elif not batch.flags.writeable:
            batch = batch.copy()
        images = torch.from_numpy(batch).to(self._device).permute(0, 3, 1, 2)
        result: Tensor = self._network(self._scaled(images).to(self._type))
        return result.double().cpu().numpy()

    def _scaled(self, images: Tensor) -> Tensor:
        scaled = images.float().div_(255)
        if images.shape[-2:] != (INPUT_SIZE, INPUT_SIZE):
            wanted = (INPUT_SIZE, INPUT_SIZE)
            scaled = interpolate(scaled, wanted, mode="bilinear", antialias=True)
        if self._settings.normalize:
            scaled = scaled.sub_(self._mean).div_(self._deviation)
        return scaled.contiguous(memory_format=torch.channels_last)

    def _exact(self) -> contextlib.AbstractContextManager[None]:
        """On a GPU, float32 is float32: no TF32 in convolutions."""
        if self._device.type != "cuda":
            return contextlib.nullcontext()
        return torch.backends.cudnn.flags(enabled=True, allow_tf32=False)


def load_network(weights: Weights) -> ResNet:
    """Builds torchvision's ResNet18 in eval mode, its last layer replaced by the identity.

    Raises:
        WeightsError: The file is not a ResNet18 state dict.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(weights.seed % 2**63)
        network = resnet18(weights=None)
    network.fc = nn.Identity()
    if weights.data is not None:
        network.load_state_dict(_state(weights))
    return network.eval()


def fold(network: ResNet) -> ResNet:
    """The same network with every batch normalisation folded into the convolution before it."""
    network.conv1, network.bn1 = _fused(network.conv1, network.bn1)
    for layer in (network.layer1, network.layer2, network.layer3, network.layer4):
        for block in layer:
            block.conv1, block.bn1 = _fused(block.conv1, block.bn1)
            block.conv2, block.bn2 = _fused(block.conv2, block.bn2)
            if block.downsample is not None:
                block.downsample = nn.Sequential(*_fused(*block.downsample))
    return network


def _fused(convolution: nn.Conv2d, normalisation: nn.BatchNorm2d) -> tuple[nn.Conv2d, nn.Module]:
    return fuse_conv_bn_eval(convolution, normalisation), nn.Identity()


def _state(weights: Weights) -> dict[str, Tensor]:
    wrong = f"weights {weights.name!r}: not a ResNet18 state dict"
    try:
        state = torch.load(BytesIO(weights.data or b""), map_location="cpu", weights_only=True)
    except Exception:  # whatever a file of anything makes torch raise
        raise WeightsError(f"{wrong} (it is not a file of plain tensors)") from None
    if not isinstance(state, dict):
        raise WeightsError(f"{wrong} (it holds a {type(state).__name__})")
    wanted = resnet18_shapes()
    kept = {name: value for name, value in state.items() if not str(name).startswith("fc.")}
    for name, shape in wanted.items():
        found = getattr(kept.get(name), "shape", None)
        if found is None and name.endswith("num_batches_tracked"):
            continue  # counts of training, absent in old files as in torchvision's
        if found is None:
            raise WeightsError(f"{wrong} ({name} is missing)")
        if tuple(found) != shape:
            raise WeightsError(f"{wrong} ({name} has the shape {tuple(found)}, not {shape})")
    unknown = next((name for name in kept if name not in wanted), None)
    if unknown is not None:
        raise WeightsError(f"{wrong} ({unknown} is not in a ResNet18)")
    return kept


def resnet18_shapes() -> dict[str, tuple[int, ...]]:
    """Name and shape of everything in a ResNet18's state dict, the last layer apart."""
    with torch.device("meta"):
        state = resnet18(weights=None).state_dict()
    return {name: tuple(x.shape) for name, x in state.items() if not name.startswith("fc.")}
