"""The views as a Ray job.

    ray job submit --working-dir . -- python jobs/views.py --config jobs/views.toml

Takes what ``raydrift views`` takes and runs it on the cluster that the job was submitted to.
"""

import sys

from raydrift.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("views", sys.argv[1:]))
