"""An epoch of a flow as a dataset of Ray, a row an image."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import ray
import ray.data

from raydrift.augment.batches import BatchTask, TellingMaker
from raydrift.engine.data.flow_stage import FlowSource, loaded_maker, task_of
from raydrift.engine.data.rows import as_row
from raydrift.engine.data.shipping import pack
from raydrift.engine.flow import CPUS
from raydrift.engine.session import connect
from raydrift.errors import SettingsError
from raydrift.settings.cluster import ClusterSettings

_BLOCKS: Final = 256  # each costs the driver 2.6 ms, and is what one worker is given at a time


def dataset_of(
    maker: TellingMaker, tasks: Sequence[BatchTask], cluster: ClusterSettings
) -> ray.data.Dataset:
    """An epoch as a dataset.

    Args:
        maker: What makes its batches, and what tells of the images in them.
        tasks: The batches.
        cluster: Where Ray is.

    Returns:
        Columns ``image``, ``mask`` where there are masks, and those that the maker tells. Nothing
        is made before it is read.
    """
    connect(cluster)
    if not tasks:
        raise SettingsError(
            "this part of the flow has no batches: give a share for it, as split=0.2"
        )
    rows = [as_row(table) for table in FlowSource(lambda: iter(tasks))]
    size = -(-len(rows) // _BLOCKS)
    blocks = [pa.concat_tables(rows[at : at + size]) for at in range(0, len(rows), size)]
    epoch: ray.data.Dataset = ray.data.from_blocks(blocks).map_batches(
        FlowRows,
        fn_constructor_args=(ray.put(pack(maker)),),
        batch_size=1,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=len(blocks)),
        num_cpus=CPUS,
    )
    return epoch


class FlowRows:
    """Makes the images of batches."""

    def __init__(self, maker: Any) -> None:
        self._maker: Any = loaded_maker(maker)

    def __call__(self, row: pa.Table) -> Iterator[dict[str, Any]]:
        """The images of one batch, with what the maker tells of them."""
        batch = self._maker.make(task_of(row))
        columns = {name: np.asarray(values) for name, values in self._maker.columns(batch).items()}
        images, *masks = batch.arrays
        yield {"image": images, **({"mask": masks[0]} if masks else {}), **columns}
