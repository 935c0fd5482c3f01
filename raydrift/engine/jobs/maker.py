"""What makes the shards of a job: the one thing in which jobs differ until they are finished."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from raydrift.engine.data.pipeline import Pipeline
from raydrift.engine.plan import Demand, Plan
from raydrift.engine.session import Resources
from raydrift.errors import ShardError
from raydrift.settings.cluster import ClusterSettings
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow
from raydrift.text import plural


@dataclass
class InputChanges:
    """What has become of the files that some shards were made of.

    Attributes:
        files: How many have another content.
        shards: The shards that have to be made again for that.
        listing: The listing of shards whose files have the content that they had, and other sizes
            or times: what the listing tells of them now.
        damaged: Shards that do not tell any more what they were made of, and why.
        compared: Whether the files were read; else they merely have other sizes or times.
    """

    files: int = 0
    shards: set[int] = field(default_factory=set)
    listing: dict[int, int] = field(default_factory=dict)
    damaged: dict[int, ShardError] = field(default_factory=dict)
    compared: bool = True


def changes_note(changes: InputChanges, of: int, kept: bool = True) -> str:
    """What is done about changed files, in a sentence for the record's notes.

    Args:
        changes: What was found.
        of: Shards of the job.
        kept: Whether the other shards are kept.
    """
    if not changes.compared:
        return (
            f"{plural(len(changes.shards), 'batch')} of {of} were measured again: their images "
            "have other sizes or times than before"
        )
    these = "these" if kept else "all, since they were not kept,"
    return (
        f"{plural(changes.files, 'image')} had another content than when the run read the input, "
        f"in {len(changes.shards)} of {plural(of, 'shard')}: {these} were made again"
    )


class ShardMaker(Protocol):
    """Makes the shards of a job; everything else about them is the job's."""

    @property
    def cluster(self) -> ClusterSettings:
        """Where the work is done."""

    def demands(self, free: Resources) -> Sequence[Demand]:
        """What the roles need that make shards."""

    def check(self, plan: Plan, record: JobRecord) -> None:
        """Makes sure that shards that are made by this plan fit those that are there.

        Raises:
            PipelineError: They would not.
        """

    def asked(self, shard: int) -> int:
        """How many samples a shard has."""

    def pipeline(self, shards: Sequence[int], plan: Plan, record: JobRecord) -> Pipeline:
        """A pipeline whose last stage commits these shards and returns their ledger rows."""

    def changes(self, ledger: Mapping[int, LedgerRow]) -> InputChanges:
        """Looks whether the files are still those that the shards were made of."""

    def readable_now(self, rows: Collection[LedgerRow]) -> Sequence[int]:
        """Which shards may have more samples if they are made anew."""
