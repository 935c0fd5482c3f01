"""KubeRay's files: as its own definitions want them, without a field that those don't know."""

import copy
import re
import tomllib
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any

import jsonschema
import pytest
import yaml

from raydrift.engine.data.reader import READ_AHEAD_BYTES
from raydrift.settings import ImageSettings
from tests.cluster.files import CLUSTER, KUBERAY, ROOT, load, node_groups, ray_cluster
from tests.conftest import SHARED

SUBMISSION_MODES = {"K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode"}
UNITS = {"Mi": 2**20, "Gi": 2**30}
DEFINITIONS = SHARED / "kuberay"
SETTINGS = tomllib.loads((ROOT / "jobs/generate.toml").read_text())


def bytes_of(quantity: str) -> int:
    return int(quantity[:-2]) * UNITS[quantity[-2:]]


def closed(schema: Any) -> Any:
    """The schema, where objects with named properties have no others.

    What Kubernetes calls an int-or-string has no type of its own, and an object that says that it
    preserves unknown fields stays open.
    """
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(part) for key, part in schema.items()}
    if result.get("x-kubernetes-int-or-string"):
        result.setdefault("anyOf", [{"type": "integer"}, {"type": "string"}])
    if isinstance(result.get("properties"), dict) and result.get("type") == "object":
        open_ended = result.get("x-kubernetes-preserve-unknown-fields", False)
        result.setdefault("additionalProperties", bool(open_ended))
    return result


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    """Kind to schema, of version v1."""
    if not DEFINITIONS.is_dir():
        pytest.skip(f"no definitions of KubeRay's at {DEFINITIONS}")
    found = {}
    for name in ("rayjobs", "rayclusters"):
        text = (DEFINITIONS / f"ray.io_{name}.yaml").read_text()
        spec = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["spec"]
        (v1,) = (one for one in spec["versions"] if one["name"] == "v1")
        found[spec["names"]["kind"]] = closed(v1["schema"]["openAPIV3Schema"])
    return found


def problems(resource: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    """What is wrong with a resource, each with its place."""
    validator = jsonschema.Draft202012Validator(schemas[resource["kind"]])
    found = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(resource)]
    mode = resource["spec"].get("submissionMode", "K8sJobMode")
    if mode not in SUBMISSION_MODES:
        found.append(f"$.spec.submissionMode: {mode!r}")
    return found


@pytest.mark.parametrize("name", KUBERAY)
def test_the_file_is_as_kuberay_defines_it(name: str, schemas: dict[str, Any]) -> None:
    resource = load(name)
    assert resource["apiVersion"] == "ray.io/v1"
    assert problems(resource, schemas) == []


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("spec.backofLimit", 2, r"^\$\.spec: .*'backofLimit' was unexpected"),
        ("spec.ttlSecondsAfterFinished", "600", "not of type 'integer'"),
        ("spec.submissionMode", "K8SJobMode", "K8SJobMode"),
        ("spec.rayClusterSpec.autoscalerOptions.version", "v3", "not one of"),
        ("spec.rayClusterSpec.headGroupSpec.rayStartParams.num-cpus", 0, "not of type 'string'"),
        ("spec.rayClusterSpec.headGroupSpec.template.spec.tolerationz", [], "was unexpected"),
        ("spec.rayClusterSpec.workerGroupSpecs.0.maxReplicas", None, "not of type 'integer'"),
        (
            "spec.rayClusterSpec.workerGroupSpecs.0.template.spec.containers.0.resources"
            ".requests.memory",
            "12 GB",
            "does not match",
        ),
        ("spec.rayClusterSpec.workerGroupSpecs.0.template.spec.containers.0.img", "x", "'img'"),
    ],
)
def test_what_is_wrong_is_found(
    path: str, value: object, problem: str, schemas: dict[str, Any]
) -> None:
    resource = copy.deepcopy(load("kuberay/rayjob.yaml"))
    *parents, last = path.split(".")
    node: Any = resource
    for name in parents:
        node = node[int(name) if name.isdigit() else name]
    node[last] = value
    (found,) = problems(resource, schemas)
    assert re.search(problem, found), found


def test_a_quantity_may_be_a_number(schemas: dict[str, Any]) -> None:
    resource = load("kuberay/rayjob.yaml")
    worker = resource["spec"]["rayClusterSpec"]["workerGroupSpecs"][0]
    worker["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = 8
    assert problems(resource, schemas) == []


def test_the_option_of_a_head_that_is_started_again_is_valid(schemas: dict[str, Any]) -> None:
    text = (CLUSTER / "kuberay/raycluster.yaml").read_text()
    option = re.search(r"(?m)^  # gcsFaultToleranceOptions:\n(  #   .*\n)+", text)
    assert option is not None
    with_it = text.replace(option[0], re.sub(r"(?m)^  # ", "  ", option[0]))
    resource = yaml.safe_load(with_it)
    assert resource["spec"]["gcsFaultToleranceOptions"]["redisAddress"] == "redis:6379"
    assert problems(resource, schemas) == []


def test_the_job_ends_with_its_cluster() -> None:
    spec = load("kuberay/rayjob.yaml")["spec"]
    assert spec["shutdownAfterJobFinishes"] is True
    assert spec["ttlSecondsAfterFinished"] > 0
    assert spec["backoffLimit"] > 0, "another attempt makes what is missing"


def test_the_nodes_of_both_files_are_alike() -> None:
    """But for the settings, which a job of its own takes from a config map."""
    of_job, of_cluster = (ray_cluster(name) for name in KUBERAY)
    pod = of_job["headGroupSpec"]["template"]["spec"]
    pod["volumes"] = [one for one in pod["volumes"] if one["name"] != "config"]
    mounts = pod["containers"][0]["volumeMounts"]
    pod["containers"][0]["volumeMounts"] = [one for one in mounts if one["name"] != "config"]
    assert of_job == of_cluster


GROUPS = [
    pytest.param(kind, group, id=f"{Path(name).stem} {kind}")
    for name in KUBERAY
    for kind, group in node_groups(name).items()
]


@pytest.mark.parametrize("name", KUBERAY)
def test_the_cluster_has_a_head_without_images_and_grows(name: str) -> None:
    spec = ray_cluster(name)
    assert spec["rayVersion"] == version("ray")
    assert spec["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    assert spec["enableInTreeAutoscaling"] is True
    assert spec["authOptions"] == {"mode": "token"}
    assert set(node_groups(name)) == {"head", "cpu", "gpu"}


@pytest.mark.parametrize(("kind", "group"), GROUPS)
def test_a_pods_numbers_fit_each_other(kind: str, group: dict[str, Any]) -> None:
    pod = group["template"]["spec"]
    (container,) = pod["containers"]
    requests, limits = container["resources"]["requests"], container["resources"]["limits"]
    assert requests == limits
    assert ("nvidia.com/gpu" in limits) == (kind == "gpu")
    (shm,) = (one for one in pod["volumes"] if one["name"] == "shm")
    assert shm["emptyDir"]["medium"] == "Memory"
    shared = bytes_of(shm["emptyDir"]["sizeLimit"])
    store = int(group["rayStartParams"]["object-store-memory"])
    assert 0.9 * shared < store < shared, "else Ray would put its object store on a disk"
    left = bytes_of(limits["memory"]) - shared  # what is in shared memory counts as the pod's
    # Of Ray and the catalog; of workers that embed; of those that don't, CUDA and Ray. Each worker
    # may be decoding the largest image that it takes, with files that wait.
    decoding = (ImageSettings().max_memory + READ_AHEAD_BYTES) / 2**30
    needed = {"head": 6, "cpu": 8 * (0.93 + decoding) + 2, "gpu": 8 * (0.28 + decoding) + 4 + 2}[
        kind
    ]
    assert left >= needed * 2**30
    if kind != "head":
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
        assert group["minReplicas"] == 0, "a run waits for its first node"


@pytest.mark.parametrize("group", [one.values[1] for one in GROUPS], ids=[one.id for one in GROUPS])
def test_a_pod_mounts_what_it_has_and_is_nobody_special(group: dict[str, Any]) -> None:
    pod = group["template"]["spec"]
    (container,) = pod["containers"]
    mounts = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
    assert set(mounts.values()) == {one["name"] for one in pod["volumes"]}
    assert mounts["/dev/shm"] == "shm"
    assert mounts["/data"] == "data"
    for folder in (SETTINGS["input"], SETTINGS["output"]):
        assert PurePath("/data") in PurePath(folder).parents
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False


@pytest.mark.parametrize(("kind", "group"), GROUPS)
def test_workers_go_to_spot_nodes_and_the_head_does_not(kind: str, group: dict[str, Any]) -> None:
    pod = group["template"]["spec"]
    tolerated = {one["key"] for one in pod.get("tolerations", [])}
    spot = {"cloud.google.com/gke-spot", "kubernetes.azure.com/scalesetpriority"}
    if kind == "head":
        affinity = pod["affinity"]["nodeAffinity"]
        (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        assert {one["operator"] for one in term["matchExpressions"]} == {"NotIn"}
        assert spot < {one["key"] for one in term["matchExpressions"]}
        assert not tolerated
    else:
        assert tolerated == spot | ({"nvidia.com/gpu"} if kind == "gpu" else set())


@pytest.mark.parametrize(("kind", "group"), GROUPS)
def test_ray_start_knows_its_parameters(kind: str, group: dict[str, Any]) -> None:
    from ray.scripts.scripts import cli

    arguments = [f"--{name}={value}" for name, value in group["rayStartParams"].items()]
    role = "--head" if kind == "head" else "--address=head:6379"
    cli.commands["start"].make_context("start", [role, *arguments])
