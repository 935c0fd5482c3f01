"""New images as a Ray job.

    ray job submit --working-dir . -- python jobs/synthesize.py --config jobs/synthesize.toml

Takes what ``raydrift synthesize`` takes and runs it on the cluster that the job was submitted to.
"""

import sys

from raydrift.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("synthesize", sys.argv[1:]))
