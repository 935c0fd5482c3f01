"""The merge of a run's shards as a Ray job.

    ray job submit --working-dir . -- python jobs/finalize.py --config jobs/finalize.toml

Takes what ``raydrift finalize`` takes; all nodes of the cluster that the job was submitted to write
the zip together. For runs with ``finalize = false``: a run merges its shards itself otherwise.
"""

import sys

from raydrift.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("finalize", sys.argv[1:]))
