"""The search for the cameras that harm a model most as a Ray job.

    ray job submit --working-dir . -- python jobs/forensics.py --config jobs/forensics.toml

Takes what ``raydrift forensics`` takes and searches on the cluster that the job was submitted to.
"""

import sys

from raydrift.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("forensics", sys.argv[1:]))
