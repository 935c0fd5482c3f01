"""A translation as a Ray job.

    ray job submit --working-dir . -- python jobs/translate.py --config jobs/translate.toml

Takes what ``raydrift translate`` takes and runs it on the cluster that the job was submitted to.
"""

import sys

from raydrift.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("translate", sys.argv[1:]))
