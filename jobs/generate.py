"""The generator as a Ray job.

    ray job submit --working-dir . -- python jobs/generate.py --config jobs/generate.toml

Takes what ``raydrift generate`` takes and runs it on the cluster that the job was submitted to.
"""

import sys

from raydrift.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("generate", sys.argv[1:]))
