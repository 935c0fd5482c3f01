"""The dashboard is one that Grafana takes, and each of its queries is PromQL about a run.

And on Kubernetes Prometheus finds the pods.
"""

import copy
import json
import re
from itertools import combinations
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.cluster.files import CLUSTER, KUBERAY, load, node_groups, shown_commands
from tests.cluster.grafana import DASHBOARD, names_in, panels, queries, selectors

SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def test_it_has_no_id_of_a_grafana_and_asks_which_prometheus() -> None:
    assert "id" not in DASHBOARD, "of the Grafana that it was saved in; another refuses it"
    assert (DASHBOARD["uid"], DASHBOARD["title"]) == ("raydrift", "raydrift")
    assert DASHBOARD["schemaVersion"] >= 36, "from Grafana 9 on a datasource is an object"
    source, run = DASHBOARD["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == (
        "datasource", "datasource", "prometheus",
    )  # fmt: skip
    assert (run["name"], run["type"], run["datasource"]) == ("run", "query", SOURCE)
    assert run["query"]["query"] == "label_values(ray_raydrift_images_written_total, run)"
    assert (run["includeAll"], run["allValue"], run["multi"]) == (True, ".+", True)


def unknown(content: Any) -> list[str]:
    """What Grafana's own model of a dashboard does not know: it is not in what it writes again."""

    def lost(before: Any, after: Any, path: str) -> list[str]:
        if isinstance(before, dict) and isinstance(after, dict):
            return [
                found
                for name, value in before.items()
                for found in lost(value, after.get(name), f"{path}.{name}")
            ]
        if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
            pairs = enumerate(zip(before, after, strict=True))
            return [found for at, pair in pairs for found in lost(*pair, f"{path}[{at}]")]
        return [] if before == after else [path]

    register_default_plugins()
    return lost(content, json.loads(JSONEncoder().encode(Dashboard.from_json(content))), "$")


def test_grafana_knows_all_that_is_in_it() -> None:
    assert unknown(DASHBOARD) == []


@pytest.mark.parametrize(
    "path", ["$.refreshed", "$.panels[1].span", "$.panels[1].targets[0].expression"]
)
def test_what_grafana_does_not_know_is_found(path: str) -> None:
    changed = copy.deepcopy(DASHBOARD)
    *parents, last = re.findall(r"\w+", path)
    node: Any = changed
    for name in parents:
        node = node[int(name) if name.isdigit() else name]
    node[last] = "x"
    assert unknown(changed) == [path]


def test_panels_have_numbers_of_their_own_and_places_of_their_own() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        apart = [
            one[at] + one[size] <= other[at] or other[at] + other[size] <= one[at]
            for at, size in (("x", "w"), ("y", "h"))
        ]
        assert any(apart), (one, other)


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_a_panel_asks_the_chosen_prometheus_about_the_chosen_runs(panel: dict[str, Any]) -> None:
    assert panel["type"] in ("timeseries", "stat", "gauge")
    assert panel["datasource"] == SOURCE
    assert panel["fieldConfig"]["defaults"]["unit"]
    refs = [target["refId"] for target in panel["targets"]]
    assert sorted(set(refs)) == refs
    for target in panel["targets"]:
        assert target["datasource"] == SOURCE
        for selector in selectors(target["expr"]):
            matched = {one.name: one.value for one in selector.matchers.matchers}
            ours = selector.name.startswith("ray_raydrift_")
            assert matched.get("run") == ("$run" if ours else None)


def test_a_legend_names_labels_that_are_left() -> None:
    for panel in panels():
        for target in panel["targets"]:
            kept = set(re.findall(r"\w+", " ".join(re.findall(r"by \((.*?)\)", target["expr"]))))
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= kept, panel["title"]


def test_a_rate_is_over_the_interval_that_grafana_finds_fit() -> None:
    ranges = {found for text in queries() for found in re.findall(r"\[(.*?)\]", text)}
    assert ranges == {"$__rate_interval"}


def test_what_is_no_query_is_found() -> None:
    assert names_in("sum by (a) (rate(b[1m])) / on (a) group_left () (c - 1)") == {"b", "c"}
    with pytest.raises(ValueError, match="invalid promql query"):
        names_in("sum by (run (rate(x[1m])))")


def test_all_that_is_in_the_folder_is_looked_at() -> None:
    assert [path.name for path in (CLUSTER / "grafana").iterdir()] == ["raydrift.json"]


def test_prometheus_is_told_of_the_port_that_kuberay_opens_on_each_pod() -> None:
    monitor = load("kuberay/podmonitor.yaml")
    assert (monitor["apiVersion"], monitor["kind"]) == ("monitoring.coreos.com/v1", "PodMonitor")
    assert monitor["spec"]["selector"]["matchLabels"] == {"ray.io/is-ray-node": "yes"}
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] == "metrics"
    for name in KUBERAY:
        for group in node_groups(name).values():
            (container,) = group["template"]["spec"]["containers"]
            assert "ports" not in container, "KubeRay adds its own where there are none"
            assert "metrics-export-port" not in group["rayStartParams"]


def test_the_commands_of_its_head_name_what_there_is() -> None:
    commands = shown_commands(CLUSTER / "kuberay/podmonitor.yaml")
    assert [command[:2] for command in commands] == [
        ["kubectl", "apply"], ["kubectl", "create"], ["kubectl", "label"],
    ]  # fmt: skip
    paths = re.findall(r"cluster/[\w./]+", " ".join(" ".join(command) for command in commands))
    assert len(paths) == 2
    assert all((CLUSTER.parent / path).is_file() for path in paths)
