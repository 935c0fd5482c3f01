"""A cluster on this machine, until it is killed: a head without CPUs, and nodes.

Its arguments are what each node has one of, ``cpu`` or ``gpu``; without any there are two of a CPU.
"""

import signal
import sys

import raydrift.engine  # noqa: F401  (sets what has to be set before Ray is imported)

from ray.cluster_utils import Cluster  # isort: skip

if __name__ == "__main__":
    head = {"num_cpus": 0, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    for node in sys.argv[1:] or ["cpu", "cpu"]:
        cluster.add_node(num_cpus=int(node == "cpu"), num_gpus=int(node == "gpu"))
    print(cluster.address, flush=True)
    signal.pause()
