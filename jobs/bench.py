"""The benchmark as a Ray job.

    ray job submit --working-dir . -- python jobs/bench.py /data/photos --output /data/scratch

Takes what ``raydrift bench`` takes and measures the cluster that the job was submitted to.
"""

import sys

from raydrift.cli import run


def main() -> int:
    """Runs the job; its exit status is the job's."""
    status = run(["bench", *sys.argv[1:]])
    print("raydrift: succeeded" if status == 0 else f"raydrift: failed with status {status}")
    return status


if __name__ == "__main__":
    sys.exit(main())
