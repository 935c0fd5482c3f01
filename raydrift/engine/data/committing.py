"""A commit on a worker, and the ledger row that comes back of it."""

from collections.abc import Callable
from dataclasses import asdict

import pyarrow as pa

from raydrift import schemas
from raydrift.engine.data.failures import FAILURE, MESSAGE, failure_row
from raydrift.errors import OutputError, RaydriftError
from raydrift.paths import StoragePath, retrying
from raydrift.storage.output import cannot_write
from raydrift.storage.shards import LedgerRow


def committed(output: StoragePath, commit: Callable[[], LedgerRow]) -> pa.Table:
    """Commits a shard; where this machine's disk fails for a moment, once more.

    Args:
        output: The job's folder.
        commit: Makes the shard's files; it may be called twice.

    Returns:
        The ledger row, or why there is none, as a table of one row for the driver.
    """
    call = retrying(soon=True) if output.is_local else _once
    try:
        row = call(commit)
    except RaydriftError as error:
        return failure_row(error)
    except OSError as error:
        return failure_row(OutputError(cannot_write(output, error)))
    table = pa.Table.from_pylist([asdict(row) | {FAILURE: "", MESSAGE: ""}])
    remarks = pa.array([[asdict(remark) for remark in row.remarks]], schemas.REMARKS)
    return table.set_column(table.schema.get_field_index("remarks"), "remarks", remarks)


def _once(work: Callable[[], LedgerRow]) -> LedgerRow:
    return work()
