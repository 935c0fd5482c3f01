"""The experiment as a Ray job.

    ray job submit --working-dir . -- python jobs/evaluate.py --config jobs/evaluate.toml

Takes what ``raydrift evaluate`` takes and measures on the cluster that the job was submitted to.
"""

import sys

from raydrift.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("evaluate", sys.argv[1:]))
