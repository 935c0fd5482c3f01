"""Single samples of an input, read and drifted in this process, for what is drawn."""

from collections.abc import Sequence
from typing import Self

from isal import isal_zlib

from raydrift.catalog import Catalog
from raydrift.catalog.catalog import TILE, TWIN
from raydrift.catalog.stream import sample_order
from raydrift.drift.inputs import inputs_of
from raydrift.errors import ImageError, reason
from raydrift.images import twins
from raydrift.images.codec import decode_image
from raydrift.images.decoded import Decoded
from raydrift.images.isolated_decoder import IsolatedDecoder
from raydrift.images.pixels import RGB, rgb_of
from raydrift.images.raw.decoder import RawDecoder
from raydrift.images.raw.tiles import tile_of
from raydrift.paths import FileRange, redacted
from raydrift.settings.generate import GenerateSettings
from raydrift.transforms import TransformInfo


class SampleReader:
    """Reads samples of a run and drifts them; to be used with ``with``.

    Args:
        settings: The run's settings.
        catalog: The input.
        isolated: Decode in a process of its own, which an image may kill; raw files always are.
    """

    def __init__(self, settings: GenerateSettings, catalog: Catalog, isolated: bool = True) -> None:
        self._settings, self._catalog = settings, catalog
        order = sample_order(settings, catalog)
        self._order, self._epochs = order.rows, order.epochs
        self._inputs = inputs_of(settings)
        raw = settings.raw
        self._child = IsolatedDecoder() if raw is None else RawDecoder(raw)
        self._decoder = self._child if isolated or raw is not None else decode_image

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.close()

    def __len__(self) -> int:
        """How many samples there can be."""
        return len(self._order)

    def path(self, sample_id: int) -> str:
        """The path of a sample's file, from the catalog's root on."""
        path: str = self._catalog.table["path"][int(self._order[sample_id])].as_py()
        return path

    def title(self, sample_id: int) -> str:
        """The sample's number, class and file; of a tile also where it begins."""
        path, class_name = self.path(sample_id), self.class_name(sample_id)
        named = path if path.startswith(f"{class_name}/") else f"{class_name}  {path}"
        place = ""
        if self._catalog.is_tiled:
            row = int(self._order[sample_id])
            place = "".join(f"  {name} {self._catalog.table[name][row]}" for name in TILE)
        return f"sample {sample_id}  {named}{place}"

    def class_name(self, sample_id: int) -> str:
        """The class of a sample."""
        index = self._catalog.table["class_index"][int(self._order[sample_id])].as_py()
        return self._catalog.classes[int(index)]

    def read(self, sample_id: int) -> Decoded:
        """What the file of a sample holds: a photograph, or a mosaic.

        Raises:
            ImageError: It cannot be used.
        """
        file = self._catalog.root.at(self.path(sample_id))
        try:
            content = file.read_bytes(self._settings.image.max_bytes)
        except (OSError, ValueError) as error:
            raise ImageError("read", redacted(reason(error))) from None
        decoded = self._with_twin(self._decoder(content, self._settings.image), sample_id)
        raw = self._settings.raw
        if raw is None or not raw.is_tiled:
            return decoded
        table, row = self._catalog.table, int(self._order[sample_id])
        top, left = (table[name][row].as_py() for name in TILE)
        return tile_of(decoded, top, left, raw)

    def _with_twin(self, decoded: Decoded, sample_id: int) -> Decoded:
        """A photograph with its twin, where photographs have twins.

        Raises:
            ImageError: It has none that can be used.
        """
        if self._catalog.twins is None:
            return decoded
        found = self._catalog.table[TWIN][int(self._order[sample_id])].as_py()
        if found is None:
            raise ImageError(twins.STAGE, f"it has no twin in {self._catalog.twins.root}")
        file, image = FileRange(**found), self._settings.image
        try:
            content = file.read(self._catalog.twins.root, image.max_bytes)
            twin = self._decoder(content, image)
            return twins.with_twin(decoded, twin, str(file), isal_zlib.crc32(content))
        except (OSError, ValueError, ImageError) as error:
            why = error.reason if isinstance(error, ImageError) else redacted(reason(error))
            raise ImageError(twins.STAGE, f"its twin {file}: {why}") from None

    def picture(self, decoded: Decoded, whom: str) -> RGB:
        """A sample without drift.

        Args:
            decoded: What ``read`` gave.
            whom: Who takes it, as ``a preview``; for the error.

        Raises:
            PipelineError: It is no picture in 8 bits.
        """
        return rgb_of(self._inputs.sample(decoded), whom)

    def drifted(self, decoded: Decoded, transforms: Sequence[TransformInfo], sample_id: int) -> RGB:
        """A sample as ``generate`` writes it with some transforms.

        Raises:
            PipelineError: A transform failed.
        """
        key = sample_id, 0
        if self._epochs is not None:
            key = int(self._order[sample_id]), int(self._epochs[sample_id])
        return self._inputs.drifted(decoded, transforms, *key)[0].pixels
