"""A cluster on this machine: a head without CPUs and two nodes of one, until it is killed."""

import signal

import raydrift.engine  # noqa: F401  (sets what has to be set before Ray is imported)

from ray.cluster_utils import Cluster  # isort: skip

if __name__ == "__main__":
    head = {"num_cpus": 0, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(2):
        cluster.add_node(num_cpus=1)
    print(cluster.address, flush=True)
    signal.pause()
