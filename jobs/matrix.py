"""The matrix of views as a Ray job.

    ray job submit --working-dir . -- python jobs/matrix.py --config jobs/matrix.toml

Takes what ``raydrift matrix`` takes and measures on the cluster that the job was submitted to.
"""

import sys

from raydrift.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("matrix", sys.argv[1:]))
