"""How an export names its files.

``folders``: one folder a class, and ``metadata.csv`` beside them, as torchvision's ``ImageFolder``
and Hugging Face's ``imagefolder`` read them. ``modelarts``: all in ``Data/``, and
``output_0.manifest``, as ModelArts' operators write them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from raydrift.exports.pictures import jpeg_of
from raydrift.exports.run_rows import FinishedRun, RunRow
from raydrift.gan.model_content import ONE_GENERATOR
from raydrift.storage import layout

METADATA: Final = "metadata.csv"
MANIFEST: Final = "output_0.manifest"
DATA: Final = "Data"
IMAGES: Final = "images"
MASKS: Final = "masks"

BATCH: Final = 16
"""Images that have one first number in ``CYcleGan_{first}_{second}.jpg``."""


@dataclass(frozen=True)
class Layout:
    """The names of an export's files, and what they are of.

    Attributes:
        name: ``folders`` or ``modelarts``.
        listing: The file that lists all images.
        image: The path of a sample's image in the folder.
        mask: The path of its mask; None: masks are not written.
        encode: Makes the content of an image's file of its PNG.
        is_lossy: Whether that loses anything.
    """

    name: str
    listing: str
    image: Callable[[RunRow], str]
    mask: Callable[[RunRow], str] | None
    encode: Callable[[bytes], bytes]
    is_lossy: bool = False


def folders(run: FinishedRun) -> Layout:
    """One folder a class; where there are masks, these folders are in ``images`` and ``masks``."""
    if run.masks is None:
        return Layout("folders", METADATA, _member, None, _as_it_is)
    return Layout("folders", METADATA, _member_of(IMAGES), _member_of(MASKS), _as_it_is)


def modelarts(run: FinishedRun) -> Layout:
    """As ModelArts names them: ``Data/CYcleGan_0_0.jpg``, ``Data/StyleGan_shoes_0.jpg``.

    Images that no such network made are PNG files, called by their numbers.
    """
    if run.network is None:
        return Layout("modelarts", MANIFEST, _plain, None, _as_it_is)
    name = _synthesized if run.network == ONE_GENERATOR else _translated
    return Layout("modelarts", MANIFEST, name, None, jpeg_of, is_lossy=True)


LAYOUTS: Final[Mapping[str, Callable[[FinishedRun], Layout]]] = {
    "folders": folders,
    "modelarts": modelarts,
}


def _member(row: RunRow) -> str:
    return layout.member_name(row.sample_id, row.class_name)


def _member_of(folder: str) -> Callable[[RunRow], str]:
    return lambda row: f"{folder}/{_member(row)}"


def _plain(row: RunRow) -> str:
    return f"{DATA}/{layout.member_name(row.sample_id, None)}"


def _translated(row: RunRow) -> str:
    batch, place = divmod(row.sample_id, BATCH)
    return f"{DATA}/CYcleGan_{batch}_{place}.jpg"


def _synthesized(row: RunRow) -> str:
    number = int(row.source_path.rpartition("/")[2])
    return f"{DATA}/StyleGan_{layout.class_folder(row.class_name)}_{number}.jpg"


def _as_it_is(png: bytes) -> bytes:
    return png
