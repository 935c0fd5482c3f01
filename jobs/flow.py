"""Augmented copies as a Ray job.

    ray job submit --working-dir . -- python jobs/flow.py --config jobs/flow.toml

Takes what ``raydrift flow`` takes and runs it on the cluster that the job was submitted to.
"""

import sys

from raydrift.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("flow", sys.argv[1:]))
