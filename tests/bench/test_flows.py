"""How fast flows are, in turns with Keras where it is installed."""

from pathlib import Path

import pytest
from rich.console import Console

from raydrift.bench import flows
from raydrift.bench.flows import EQUAL, KERAS, SCALED, SETTINGS, measure_flows
from raydrift.errors import CatalogError
from raydrift.settings.image import ImageSettings


def test_without_keras_our_flows_are_timed_alone(
    scenes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows, "find_spec", lambda _: None)
    found = measure_flows(str(scenes), ImageSettings(32, 32), workers=0, rounds=2)
    assert set(found.one_core) == set(SETTINGS)
    for rates in found.one_core.values():
        assert set(rates) == {EQUAL, SCALED}
        assert all(0 < rate.least <= rate.median <= rate.most for rate in rates.values())
    assert found.ratios == {}
    assert list(found.workers) == [0]
    console = Console(width=120)
    with console.capture() as captured:
        console.print(found.table())
    assert "Keras 3 is not installed: pip install keras torch" in captured.get()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_beside_keras_the_ratios_are_told(scenes: Path) -> None:
    found = measure_flows(str(scenes), ImageSettings(64, 64), workers=2, rounds=1)
    assert list(found.workers) == [0, 1, 2]
    for setting in SETTINGS:
        assert set(found.one_core[setting]) == {KERAS, EQUAL, SCALED}
        assert set(found.ratios[setting]) == {EQUAL, SCALED}


def test_a_folder_without_images_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "find_spec", lambda _: None)
    with pytest.raises(CatalogError, match="has no images"):
        measure_flows(str(tmp_path), ImageSettings(32, 32), workers=0, rounds=1)
