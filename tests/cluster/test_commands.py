"""What the files tell someone to run, or run themselves, is there and is understood."""

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from functools import cache
from itertools import takewhile
from pathlib import Path

import pytest

from tests.cluster.files import (
    CLUSTER,
    DOCKERFILE,
    KUBERAY,
    LAUNCHER,
    ROOT,
    images,
    load,
    node_groups,
    shown_commands,
)

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
IMAGE = f"registry.example.com/raydrift:{VERSION}"
FILES = [DOCKERFILE, *(CLUSTER / name for name in KUBERAY + LAUNCHER)]
PATH = re.compile(r"(?:cluster|jobs|raydrift|tests)/[\w./-]+\w")


def check_ray(arguments: Sequence[str]) -> None:
    """Lets Ray's own command line read its options and arguments, and not act on them."""
    import click
    from ray.scripts.scripts import cli

    command: click.Command = cli
    rest = list(arguments)
    while isinstance(command, click.Group):
        command = command.commands[rest.pop(0)]
    command.make_context(command.name, rest)


def check(command: Sequence[str]) -> None:
    """Fails where a command names what is not there."""
    program, *arguments = takewhile(lambda part: part not in {">", "&"}, command)
    if program == "ray":
        check_ray(arguments)
        if "--" in arguments:
            check(arguments[arguments.index("--") + 1 :])
    elif program == "python":
        script, *_ = arguments
        assert (ROOT / script).is_file(), script
        ends_for_want_of_its_input(tuple(command))
    else:
        assert program in {"aws", "docker", "export", "kubectl"}, command
    for path in PATH.findall(" ".join(command)):
        assert (ROOT / path).exists(), path


@cache
def ends_for_want_of_its_input(entrypoint: tuple[str, ...]) -> None:
    """Its options and its settings are read; what is wrong is that this is not the cluster."""
    done = subprocess.run(
        [sys.executable, *entrypoint[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == "raydrift: input /data/photos is not there: give a folder or a manifest\n"


def test_the_jobs_entrypoint_is_a_job_of_this_repository() -> None:
    entrypoint = load("kuberay/rayjob.yaml")["spec"]["entrypoint"]
    assert entrypoint == "python jobs/generate.py --config jobs/generate.toml"
    check(shlex.split(entrypoint))
    assert entrypoint in (ROOT / "README.md").read_text()


def test_the_settings_are_mounted_where_the_entrypoint_looks_for_them() -> None:
    (folder,) = re.findall(r"(?m)^WORKDIR (.+)$", DOCKERFILE.read_text())
    (head,) = node_groups("kuberay/rayjob.yaml")["head"]["template"]["spec"]["containers"]
    (config,) = (one for one in head["volumeMounts"] if one["name"] == "config")
    assert config["mountPath"] == f"{folder}/jobs/{config['subPath']}"
    assert (ROOT / "jobs" / config["subPath"]).is_file()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CLUSTER)))
def test_the_commands_in_the_comments_can_be_given(path: Path) -> None:
    commands = [one for one in shown_commands(path) if one]
    assert commands
    for command in commands:
        check(command)


def test_the_readmes_commands_for_clusters_can_be_given() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    commands = [shlex.split(line.removeprefix("uv run "), comments=True) for line in lines]
    given = [one for one in commands if one and one[0] in {"docker", "kubectl", "ray"}]
    assert given
    for command in given:
        check(command)


@pytest.mark.parametrize(
    "command",
    [
        "python jobs/generat.py --config jobs/generate.toml",
        "python jobs/generate.py --confg jobs/generate.toml",
        "python jobs/generate.py --config jobs/generat.toml",
        "kubectl apply -f cluster/kuberay/job.yaml",
        "ray job submit --workin-dir . -- python jobs/generate.py --config jobs/generate.toml",
        "ray job submit --working-dir . -- python jobs/generate.py --seed many",
        "ray upp cluster/aws.yaml",
    ],
)
def test_what_is_wrong_in_one_is_found(command: str) -> None:
    from click import ClickException

    with pytest.raises((AssertionError, KeyError, ClickException)):
        check(shlex.split(command))


@pytest.mark.parametrize("name", KUBERAY + LAUNCHER)
def test_every_node_has_the_image_that_is_built_for_its_kind(name: str) -> None:
    assert images(name) == {"head": f"{IMAGE}-cpu", "cpu": f"{IMAGE}-cpu", "gpu": f"{IMAGE}-gpu"}


def test_the_images_are_built_by_the_commands_in_the_dockerfile() -> None:
    built = [one for one in shown_commands(DOCKERFILE) if one[:2] == ["docker", "build"]]
    for variant, command in zip(["cpu", "gpu"], built, strict=True):
        assert shlex.join(command) == (
            f"docker build -f cluster/Dockerfile --build-arg VARIANT={variant}"
            f" -t {IMAGE}-{variant} ."
        )


def test_no_image_is_named_in_another_way() -> None:
    for path in [*FILES, ROOT / "README.md", CLUSTER / "README.md"]:
        found = set(re.findall(r"\S+/raydrift:[\w.-]+", path.read_text()))
        assert found <= {f"{IMAGE}-cpu", f"{IMAGE}-gpu"}, path
