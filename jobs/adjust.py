"""The adjustment of a camera to a model as a Ray job.

    ray job submit --working-dir . -- python jobs/adjust.py --config jobs/adjust.toml

Takes what ``raydrift adjust`` takes and trains on the cluster that the job was submitted to.
"""

import sys

from raydrift.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("adjust", sys.argv[1:]))
