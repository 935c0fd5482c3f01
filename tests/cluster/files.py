"""The files of ``cluster/``, and the commands that they show."""

import shlex
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "cluster"
KUBERAY = ["kuberay/rayjob.yaml", "kuberay/raycluster.yaml"]
LAUNCHER = ["aws.yaml", "gcp.yaml"]
DOCKERFILE = CLUSTER / "Dockerfile"
REQUIREMENTS = CLUSTER / "requirements.txt"


def load(name: str) -> dict[str, Any]:
    content = yaml.safe_load((CLUSTER / name).read_text())
    assert isinstance(content, dict)
    return content


def ray_cluster(name: str) -> dict[str, Any]:
    """The specification of the cluster, of either of KubeRay's files."""
    spec: dict[str, Any] = load(name)["spec"]
    return spec.get("rayClusterSpec", spec)


def node_groups(name: str) -> dict[str, dict[str, Any]]:
    """The head's and the workers' groups of one of KubeRay's files."""
    spec = ray_cluster(name)
    groups = {group["groupName"]: group for group in spec["workerGroupSpecs"]}
    return {"head": spec["headGroupSpec"]} | groups


def images(name: str) -> dict[str, str]:
    """What each kind of node runs."""
    if name in KUBERAY:
        return {
            kind: group["template"]["spec"]["containers"][0]["image"]
            for kind, group in node_groups(name).items()
        }
    config = load(name)
    workers = {
        kind: node.get("docker", config["docker"])["worker_image"]
        for kind, node in config["available_node_types"].items()
    }
    return workers | {"head": config["docker"]["head_image"]}


def shown_commands(path: Path) -> list[list[str]]:
    """The commands in the comments of a file: what is indented there by three spaces or more."""
    lines = [line[2:] for line in path.read_text().splitlines() if line.strip().startswith("# ")]
    text = "\n".join(line for line in lines if line.startswith("  ")).replace("\\\n", " ")
    return [shlex.split(line, comments=True) for line in text.splitlines()]
