"""A cluster on this machine that begins with a head without CPUs and grows as it is told."""

import json
import sys

import raydrift.engine  # noqa: F401  (sets what has to be set before Ray is imported)

from ray.cluster_utils import Cluster  # isort: skip

if __name__ == "__main__":
    head = {"num_cpus": 0, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    print(cluster.address, flush=True)
    for line in sys.stdin:
        cluster.add_node(**json.loads(line))
        print("joined", flush=True)
