"""The calibration as a Ray job.

    ray job submit --working-dir . -- python jobs/calibrate.py --config jobs/calibrate.toml

Takes what ``raydrift calibrate`` takes and measures on the cluster that the job was submitted to.
The profile has to be written where it stays: the job's own folder is deleted with it.
"""

import sys

from raydrift.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("calibrate", sys.argv[1:]))
