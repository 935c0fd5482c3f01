"""A training that is continued, or begun with earlier generators."""

from io import BytesIO
from typing import Any

import pytest
import torch

from raydrift.errors import SettingsError
from raydrift.gan.cyclegan.description import generator_of
from raydrift.gan.cyclegan.generator import make_generator
from raydrift.gan.cyclegan.networks import Networks
from raydrift.gan.cyclegan.training import CycleGanTrainer
from tests.gan.cyclegan.domains import small_settings, small_trainer

SETTINGS = small_settings(train={"epochs": 5}, pool=6)

pytestmark = pytest.mark.usefixtures("one_thread")


def saved(trainer: CycleGanTrainer) -> bytes:
    file = BytesIO()
    torch.save(trainer.state(), file)
    return file.getvalue()


def loaded(content: bytes) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(BytesIO(content), weights_only=True)
    return state


def leaves(state: Any, name: str = "") -> dict[str, Any]:
    """All that a state holds, by where it is."""
    if isinstance(state, dict | list):
        items = state.items() if isinstance(state, dict) else enumerate(state)
        found: dict[str, Any] = {}
        for key, value in items:
            found |= leaves(value, f"{name}/{key}")
        return found
    return {name: state}


def check_equal(state: dict[str, Any], wanted: dict[str, Any]) -> None:
    found, expected = leaves(state), leaves(wanted)
    assert list(found) == list(expected)
    for name, value in expected.items():
        same = torch.equal(found[name], value) if torch.is_tensor(value) else found[name] == value
        assert same, name


def test_six_steps_and_six_resumed_are_twelve_bit_for_bit() -> None:
    whole, first = small_trainer(SETTINGS), small_trainer(SETTINGS)
    for trainer in (whole, first):
        for _ in range(6):
            trainer.step()
        trainer.scale_rates(0.5)
    resumed = small_trainer(SETTINGS)
    resumed.step()  # whatever was before is forgotten
    resumed.load_state(loaded(saved(first)))
    assert resumed.losses() == {}
    for trainer in (whole, resumed):
        for _ in range(6):
            trainer.step()
    assert (resumed.steps_done, resumed.images_seen) == (12, 96)
    check_equal(loaded(saved(resumed)), loaded(saved(whole)))
    whole.losses()
    for trainer in (whole, resumed):
        trainer.losses()
        trainer.step()
    assert resumed.losses() == whole.losses()


def test_a_state_can_be_loaded_again_after_the_training_went_on() -> None:
    trainer = small_trainer(SETTINGS)
    trainer.step()
    state = loaded(saved(trainer))
    runs = []
    for _ in range(2):
        trainer.load_state(state)
        trainer.scale_rates(0.5)
        trainer.step()
        runs.append((trainer.losses(), loaded(saved(trainer))))
    assert runs[0][0] == runs[1][0]
    assert runs[0][0]["rate"] == 0.5e-3
    check_equal(runs[1][1], runs[0][1])


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"size": (48, 32)}, r"image\.height = 48, this one 32"),
        ({"size": (32, 36)}, r"image\.width = 36, this one 32"),
        ({"channels": 1}, r"channels = 1, this one 3"),
        ({"width": 4}, r"cyclegan\.width = 4, this one 8"),
        ({"blocks": 2}, r"cyclegan\.blocks = 2, this one 1"),
        ({"discriminator_width": 8}, r"cyclegan\.discriminator_width = 8, this one 16"),
        ({"discriminator_layers": 1}, r"cyclegan\.discriminator_layers = 1, this one 2"),
        ({"width": 4, "blocks": 2}, r"width = 4, cyclegan\.blocks = 2, this one 8, 1: give the"),
    ],
)
def test_a_state_of_other_networks_is_refused(other: dict[str, Any], said: str) -> None:
    trainer = small_trainer(SETTINGS)
    before = loaded(saved(trainer))
    with pytest.raises(SettingsError, match=said):
        trainer.load_state(small_trainer(small_settings(**other)).state())
    check_equal(trainer.state(), before)


@pytest.mark.parametrize("state", [{}, {"description": {"kind": "stylegan2"}}])
def test_a_state_of_no_cyclegan_is_refused(state: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="not 'cyclegan': give one of translate"):
        small_trainer(SETTINGS).load_state(state)


def test_epochs_are_counted_on_with_another_batch() -> None:
    first = small_trainer(SETTINGS)  # 5 epochs of 10 pairs, batches of 4
    first.step()
    longer = small_trainer(small_settings(train={"epochs": 5, "batch_size": 1}, pool=6))
    longer.load_state(loaded(saved(first)))
    assert (first.steps, longer.steps) == (13, 1 + 50 - 4)
    longer.step()
    assert longer.steps == 1 + 50 - 4


def test_other_images_rates_and_pools_can_continue_a_training() -> None:
    trainer = small_trainer(SETTINGS)
    for _ in range(2):
        trainer.step()
    other = small_trainer(small_settings(train={"batch_size": 2, "generator_rate": 1e-4}, pool=3))
    other.load_state(loaded(saved(trainer)))
    other.step()
    assert (other.steps_done, other.images_seen) == (3, 16 + 4)
    assert other.losses()["rate"] == 1e-4
    assert len(other.state()["pools"][0]["images"]) == 3


def test_a_training_begins_with_earlier_generators_and_new_discriminators() -> None:
    earlier = small_trainer(SETTINGS)
    for _ in range(3):
        earlier.step()
    given = earlier.generators()
    kept = {name: network.state_dict() for name, network in given.items()}
    trainer = small_trainer(SETTINGS, seed=9)
    trainer.start_from(given)
    state = trainer.state()
    fresh = Networks(trainer.description(), 9)
    check_equal(state["averages"], kept)
    for name, weights in kept.items():
        for key, weight in weights.items():
            assert torch.equal(state["networks"][f"{name}.{key}"], weight)
    for key, weight in fresh.of_target.state_dict().items():
        assert torch.equal(state["networks"][f"of_target.{key}"], weight)
    assert state["generator_adam"]["state"] == {}
    assert (trainer.steps_done, trainer.images_seen) == (0, 0)
    before = loaded(saved(trainer))
    trainer.step()
    check_equal({name: one.state_dict() for name, one in given.items()}, kept)
    moved = trainer.state()["networks"]["to_target.last.1.weight"]
    assert not torch.equal(moved, before["networks"]["to_target.last.1.weight"])


def test_earlier_generators_of_another_size_are_refused() -> None:
    trainer = small_trainer(SETTINGS)
    wide = make_generator(3, 16, 1, None)
    with pytest.raises(SettingsError, match=r"cyclegan\.width = 16, this one 8"):
        trainer.start_from({"to_target": wide, "to_source": wide})
    fitting = make_generator(3, 8, 1, None)
    with pytest.raises(SettingsError, match="the model has no generator to_source"):
        trainer.start_from({"to_target": fitting})


@pytest.mark.parametrize("blocks", [None, "6", True, 0])
def test_a_description_that_says_too_little_is_refused(blocks: object) -> None:
    description = {"kind": "cyclegan", "channels": 3, "generator_width": 8, "blocks": blocks}
    with pytest.raises(SettingsError, match=r"the model's blocks is .*: its file is damaged"):
        generator_of(description)
