"""The kinds of machines that a run's bytes are made on: one for its pixels, one for its embeddings.

Machines of one kind make the same bytes. A run keeps to the kinds of its first shard, in
``JobRecord.made_on``, whatever it is resumed on.
"""

from collections.abc import Mapping, Sequence

from raydrift.errors import PipelineError
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow


def check_made_on(
    there: Mapping[str, str], here: Mapping[str, str], host: str, kept: bool = True
) -> None:
    """Makes sure that a node makes the bytes that the run's other nodes make.

    Args:
        there: The kinds that the run was begun on: of ``pixels`` and of ``embeddings``; empty
            before its first shard.
        here: The node's kinds, or one of them.
        host: The node's name.
        kept: Whether there is a run that goes on, or can be replaced; what only measures has none.

    Raises:
        PipelineError: They are others.
    """
    for what, kind in here.items():
        begun = there.get(what, kind)
        if begun != kind:
            raise PipelineError(
                f"the {what} of this run are made on {begun}, but node {host} is {kind}, "
                "where their bytes differ: use nodes of one kind and run the same command again"
                + (", or begin again with --overwrite" if kept else "")
            )


def check_device(there: Mapping[str, str], on_gpu: bool, what: str = "embeddings") -> None:
    """Makes sure that a run is resumed on the device that its embeddings were made on.

    Args:
        there: The kinds that the run was begun on.
        on_gpu: Whether embeddings are made on GPUs now.
        what: What a network makes of the run, where that is not embeddings.

    Raises:
        PipelineError: They were made on the other device.
    """
    begun = there.get("embeddings")
    if begun is not None and begun.startswith("cuda") != on_gpu:
        now = "a GPU" if on_gpu else "a CPU, for no GPU is free"
        raise PipelineError(
            f"the {what} of this run are made on {begun}, and would be made on {now}: "
            "use the device that it was begun on, or begin again with --overwrite"
        )


def made_alike(rows: Sequence[LedgerRow], record: JobRecord) -> list[LedgerRow]:
    """The attempts at shards that were made on the run's kinds of machines; others do not count.

    Args:
        rows: All attempts.
        record: The run's record. If its driver was stopped before it knew of a shard, the kinds
            become those of the first one.
    """
    if not record.made_on and rows:
        record.made_on = min(rows, key=lambda row: (row.shard, row.attempt)).made_on
    return [row for row in rows if row.made_on == record.made_on]
