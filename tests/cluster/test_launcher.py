"""The cluster launcher's files: as Ray, EC2 and Compute Engine define what stands in them."""

import copy
import json
import re
import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cluster.files import LAUNCHER, load


def prepared(config: dict[str, Any]) -> dict[str, Any]:
    """What ``ray up`` makes of a file and checks, before it asks the cloud anything."""
    util = import_module("ray.autoscaler._private.util")
    result: dict[str, Any] = util.prepare_config(copy.deepcopy(config))
    util.validate_config(result)
    return result


def problems_on_aws(machine: dict[str, Any]) -> str:
    """What EC2's client says of the parameters that a machine is started with."""
    from botocore.session import Session
    from botocore.validate import ParamValidator

    run = Session().get_service_model("ec2").operation_model("RunInstances")
    parameters = machine | {"MinCount": 1, "MaxCount": 1}
    return str(ParamValidator().validate(parameters, run.input_shape).generate_report())


def problems_on_gcp(machine: dict[str, Any]) -> str:
    """What the interface's description, which Google's client brings, says of a machine."""
    documents = import_module("googleapiclient.discovery_cache").__path__[0]
    description = json.loads((Path(documents) / "documents/compute.v1.json").read_text())
    schemas = {name: as_json_schema(one) for name, one in description["schemas"].items()}
    validator = jsonschema.Draft202012Validator({"$ref": "#/$defs/Instance", "$defs": schemas})
    return "\n".join(
        f"{error.json_path}: {error.message}" for error in validator.iter_errors(machine)
    )


def as_json_schema(described: Any) -> Any:
    if isinstance(described, list):
        return [as_json_schema(one) for one in described]
    if not isinstance(described, dict):
        return described
    result = {
        key: as_json_schema(value)
        for key, value in described.items()
        if key in {"type", "properties", "items", "additionalProperties", "enum"}
        or not isinstance(value, str | bool | int | float)
    }
    if isinstance(described.get("$ref"), str):
        result["$ref"] = f"#/$defs/{described['$ref']}"
    if described.get("format") in {"int64", "uint64"}:
        result["type"] = ["string", "integer"]
    if described.get("type") == "any":
        del result["type"]
    if isinstance(described.get("properties"), dict) and described.get("type") == "object":
        result.setdefault("additionalProperties", False)
    return result


PROBLEMS = {"aws.yaml": problems_on_aws, "gcp.yaml": problems_on_gcp}


@pytest.mark.parametrize("name", LAUNCHER)
def test_ray_up_takes_the_file(name: str) -> None:
    config = prepared(load(name))
    nodes = config["available_node_types"]
    assert nodes[config["head_node_type"]]["max_workers"] == 0
    assert config["max_workers"] == sum(node["max_workers"] for node in nodes.values())


@pytest.mark.parametrize("name", LAUNCHER)
@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("max_worker", 3, "'max_worker' was unexpected"),
        ("docker.imag", "x", "'imag' was unexpected"),
        ("head_node_type", "heads", "must be one of `available_node_types`"),
        ("available_node_types.cpu.min_worker", 1, "'min_worker' was unexpected"),
        ("available_node_types.cpu.min_workers", 99, "smaller than the sum of `min_workers`"),
        ("available_node_types.cpu.resources.CPU", "16", "not of type 'integer'"),
        ("docker.container_name", None, "Must provide a container & image name"),
    ],
)
def test_what_is_wrong_is_found(name: str, path: str, value: object, problem: str) -> None:
    config = load(name)
    *parents, last = path.split(".")
    node: Any = config
    for key in parents:
        node = node[key]
    node[last] = value
    with pytest.raises((ValueError, AssertionError, jsonschema.ValidationError), match=problem):
        prepared(config)


@pytest.mark.parametrize("name", LAUNCHER)
@pytest.mark.parametrize("kind", ["head", "cpu", "gpu"])
def test_the_cloud_knows_what_a_machine_is_described_by(name: str, kind: str) -> None:
    machine = load(name)["available_node_types"][kind]["node_config"]
    assert PROBLEMS[name](machine) == ""
    assert "machinType" in PROBLEMS[name](machine | {"machinType": "x"})


def test_compute_engine_finds_what_is_wrong_further_down() -> None:
    machine = load("gcp.yaml")["available_node_types"]["gpu"]["node_config"]
    spot = machine["scheduling"]
    assert "'SPOTS' is not one of" in problems_on_gcp(
        machine | {"scheduling": spot | {"provisioningModel": "SPOTS"}}
    )
    assert "'boots' was unexpected" in problems_on_gcp(machine | {"disks": [{"boots": True}]})


@pytest.mark.parametrize("name", LAUNCHER)
def test_only_workers_are_spot_machines(name: str) -> None:
    for kind, node in load(name)["available_node_types"].items():
        machine = node["node_config"]
        spot = {
            "aws.yaml": machine.get("InstanceMarketOptions") == {"MarketType": "spot"},
            "gcp.yaml": machine.get("scheduling", {}).get("provisioningModel") == "SPOT",
        }
        assert spot[name] == (kind != "head")


@pytest.mark.parametrize("name", LAUNCHER)
def test_the_head_has_no_images_and_a_token_is_asked_for(name: str) -> None:
    config = load(name)
    nodes = config["available_node_types"]
    assert [node["resources"] for node in nodes.values()] == [
        {"CPU": 0},
        {"CPU": 16},
        {"CPU": 16, "GPU": 1},
    ]
    assert {node.get("min_workers", 0) for node in nodes.values()} == {0}, (
        "a run waits for its first"
    )
    assert "--env RAY_AUTH_MODE=token" in config["docker"]["run_options"]
    assert config["file_mounts"] == {"/home/ray/.ray/auth_token": "~/.ray/auth_token"}


@pytest.mark.parametrize("name", LAUNCHER)
@pytest.mark.parametrize("role", ["head", "worker"])
def test_ray_knows_the_commands_that_start_it(name: str, role: str) -> None:
    from ray.scripts.scripts import cli

    stop, start = load(name)[f"{role}_start_ray_commands"]
    assert stop == "ray stop"
    ray, start, *options = shlex.split(start.replace("$RAY_HEAD_IP", "10.0.0.1"))
    assert (ray, start) == ("ray", "start")
    given = cli.commands["start"].make_context("start", options).params
    assert given["head"] == (role == "head")
    assert given["num_cpus"] == (0 if role == "head" else None)
    assert role == "head" or given["address"] == "10.0.0.1:6379"


@pytest.mark.parametrize("name", LAUNCHER)
def test_nothing_of_rays_defaults_is_installed_over_the_image(name: str) -> None:
    config = prepared(load(name))
    for kind in ("setup_commands", "head_setup_commands", "worker_setup_commands"):
        assert not re.search("pip|conda", " ".join(config[kind])), kind
