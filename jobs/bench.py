"""The benchmark as a Ray job.

    ray job submit --working-dir . -- python jobs/bench.py /shared/photos --output /shared/scratch

Takes what ``raydrift bench`` takes and measures the cluster that the job was submitted to. Every
node has to reach both folders by the same name, as on a shared filesystem or in a bucket: workers
anywhere read the images, and write shards into a new folder of the output, which is removed at the
end.
"""

import sys

from raydrift.cli import run_job

if __name__ == "__main__":
    sys.exit(run_job("bench", sys.argv[1:]))
