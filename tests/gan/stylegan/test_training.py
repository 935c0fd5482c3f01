"""A training: what it draws, how it is continued, and what it refuses."""

import io
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from raydrift.errors import SettingsError
from raydrift.gan.replicas import Replicas
from raydrift.gan.stylegan.generator import generator_of
from raydrift.gan.stylegan.training import StyleGanTrainer, compared
from raydrift.gan.trainer import Trainer
from tests.gan.held import Held
from tests.gan.stylegan.drawn import discs, settings

pytestmark = pytest.mark.usefixtures("one_thread")

TINY: dict[str, Any] = {"width": 64, "max_channels": 16, "latent": 16, "gamma": 0.01}


def trainer(classes: int = 0, count: int = 20, channels: int = 3, **given: Any) -> StyleGanTrainer:
    pixels = discs(count, 8)[..., :channels]
    labels = np.arange(count) % classes if classes else None
    names = [f"class {number}" for number in range(classes)]
    stylegan = TINY | given.pop("stylegan", {})
    asked = settings(8, channels, stylegan=stylegan, **{"kimg": 0.2, "batch_size": 8} | given)
    return StyleGanTrainer(asked, Held(pixels), labels, names)


def run(trained: StyleGanTrainer, steps: int) -> StyleGanTrainer:
    for _ in range(steps):
        trained.step()
    return trained


def saved(trained: StyleGanTrainer) -> Any:
    file = io.BytesIO()
    torch.save(trained.state(), file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def tensors(value: Any, name: str = "") -> dict[str, Tensor]:
    """All tensors and numbers inside a state, by where they are."""
    if isinstance(value, Tensor):
        return {name: value}
    if isinstance(value, int | float):
        return {name: torch.tensor(value)}
    pairs = value.items() if isinstance(value, dict) else enumerate(value or ())
    found: dict[str, Tensor] = {}
    for key, one in pairs if not isinstance(value, str) else ():
        found |= tensors(one, f"{name}.{key}")
    return found


def test_it_is_a_trainer() -> None:
    made: Trainer = trainer(kimg=0.3, save_every=2)
    assert (made.steps, made.save_steps, made.steps_done, made.images_seen) == (38, 250, 0, 0)
    made.step()
    assert (made.steps_done, made.images_seen) == (1, 8)
    assert set(made.generators()) == {"generator"}


def test_thousands_of_images_are_counted_on_with_another_batch() -> None:
    first = run(trainer(), 3)
    longer = trainer(batch_size=4)
    longer.load_state(saved(first))
    assert (longer.steps_done, longer.images_seen) == (3, 24)
    assert longer.steps == 3 + (200 - 24) // 4
    run(longer, 1)
    assert longer.steps == 3 + (200 - 24) // 4


@pytest.mark.parametrize(
    "given",
    [{}, {"classes": 2, "stylegan": {"mirror": True, "ada_kimg": 1}}, {"precision": "bfloat16"}],
    ids=["plain", "classes", "bfloat16"],
)
def test_a_training_that_is_continued_is_bit_for_bit_one_without_a_break(
    given: dict[str, Any],
) -> None:
    """6 + 6 steps across a path length at 8; and 14 + 4 steps across R1 at 16."""
    for first, second in ((6, 6), (14, 4)):
        whole = run(trainer(**given), first + second)
        state = saved(run(trainer(**given), first))
        continued = trainer(**given)
        run(continued, 1)  # whatever was before does not matter
        continued.load_state(state)
        wanted, found = tensors(saved(whole)), tensors(saved(run(continued, second)))
        assert wanted.keys() == found.keys()
        for name, value in wanted.items():
            torch.testing.assert_close(found[name], value, rtol=0, atol=0, equal_nan=True)


def test_a_state_is_a_copy() -> None:
    made = run(trainer(), 1)
    state = made.state()
    before = {name: value.clone() for name, value in tensors(state).items()}
    run(made, 1)
    for name, value in tensors(state).items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0, equal_nan=True)


def test_an_epoch_shows_every_image_once() -> None:
    class Watched(Held):
        seen: list[int] = []  # noqa: RUF012

        def take(self, indices: Any) -> Any:
            self.seen.extend(indices.tolist())
            return super().take(indices)

    pictures = Watched(discs(12, 8))
    asked = settings(8, stylegan=TINY, batch_size=8)
    run(StyleGanTrainer(asked, pictures, None, ()), 6)
    epochs = np.array(pictures.seen).reshape(4, 12)
    assert (np.sort(epochs, axis=1) == np.arange(12)).all()
    assert (epochs[0] != epochs[1]).any()


def test_every_loss_is_told_by_its_name() -> None:
    made = run(trainer(), 4)
    told = made.losses()
    assert set(told) == {
        *("generator", "discriminator", "r1", "path", "augment", "sign"),
        *("real_score", "fake_score"),
    }
    assert np.isfinite(list(told.values())).all()
    assert -1 <= told["sign"] <= 1
    run(made, 1)
    assert np.isnan(made.losses()["r1"])  # none was taken


def test_penalties_have_the_weights_of_the_settings() -> None:
    """The same first step: R1 with gamma 3 is 300 times that with 0.01."""
    light, heavy = run(trainer(), 1), run(trainer(stylegan={"gamma": 3.0}), 1)
    assert heavy.losses()["r1"] == pytest.approx(300 * light.losses()["r1"], rel=1e-4)
    none = run(trainer(stylegan={"path_length": 0.0}), 4)
    assert np.isnan(none.losses()["path"])


def test_grey_images_are_learnt_from() -> None:
    made = run(trainer(channels=1), 2)
    assert made.generators()["generator"](torch.zeros(2, 16)).shape == (2, 1, 8, 8)


def test_augmentation_begins_when_the_discriminator_knows_the_images() -> None:
    made = run(trainer(stylegan={"ada_target": 0.0, "ada_kimg": 1}, kimg=1), 40)
    assert made.losses()["augment"] > 0.03
    without = run(trainer(stylegan={"ada_target": 0.0, "augment": "none"}), 8)
    assert without.losses()["augment"] == 0


def test_a_gradient_that_is_not_finite_is_replaced_counted_and_told() -> None:
    made = trainer()
    with torch.no_grad():
        made.discriminator.score.weight.fill_(torch.nan)
    made.step()
    assert made.broken_gradients > 0
    told = made.losses()
    assert np.isnan([told["generator"], told["discriminator"]]).all()
    assert all(one.isfinite().all() for one in made.generator.parameters())


def test_a_penalty_that_is_not_finite_is_told_as_a_failure_of_its_network() -> None:
    made = trainer(stylegan={"gamma": 1e38})
    with torch.no_grad():
        made.discriminator.from_image.weight.mul_(1e6)
    made.step()
    told = made.losses()
    assert not np.isfinite([told["r1"], told["discriminator"]]).any()
    assert np.isfinite(told["generator"])
    assert all(one.isfinite().all() for one in made.discriminator.parameters())


def test_rates_are_scaled_also_after_a_save() -> None:
    made = trainer()
    made.scale_rates(0.5)
    made.scale_rates(0.5)
    again = trainer()
    again.load_state(saved(made))
    for one in (made, again):
        assert one.rates() == pytest.approx((0.25 * 0.0025 * 4 / 5, 0.25 * 0.0025 * 16 / 17))


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"stylegan": {"latent": 8}}, r"stylegan.latent is 16, .*: give stylegan.latent = 8"),
        ({"stylegan": {"width": 32}}, r"stylegan.width is 64, .*: give stylegan.width = 32"),
        ({"channels": 1}, r"channels is 3, but the model was trained with 1"),
        ({"classes": 2}, r"the classes are none, but the model was trained with class 0, class 1"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_state_of_other_networks_is_refused(other: dict[str, Any], message: str) -> None:
    state = trainer(**other).state()
    with pytest.raises(SettingsError, match=message):
        trainer().load_state(state)
    with pytest.raises(SettingsError, match="cyclegan"):
        trainer().load_state({**state, "description": {"kind": "cyclegan"}})


def test_a_transfer_begins_with_a_trained_generator_and_a_new_discriminator() -> None:
    trained = run(trainer(), 3)
    model = generator_of(trained.description())
    model.load_state_dict(trained.generators()["generator"].state_dict())
    made = trainer()
    made.start_from({"generator": model})
    z = torch.ones(1, 16)
    assert torch.equal(made.generators()["generator"](z), model(z))
    assert torch.equal(made.generator(z), model(z))
    fresh = trainer()
    for own, drawn in zip(
        made.discriminator.parameters(), fresh.discriminator.parameters(), strict=True
    ):
        assert torch.equal(own, drawn)
    made.step()
    now = made.generators()["generator"].state_dict()
    moved = (now["synthesis.constant"] - model.synthesis.constant).abs().max()
    assert 0 < moved < 1e-4  # no ramp: the average is not a copy of the first step
    with pytest.raises(SettingsError, match="no StyleGAN2"):
        made.start_from({"to_target": model})
    with pytest.raises(SettingsError, match=r"stylegan\.latent"):
        trainer(stylegan={"latent": 8}).start_from({"generator": model})


@pytest.mark.parametrize(("batch", "world", "group"), [(8, 1, 4), (8, 2, 4), (3, 1, 3), (4, 2, 2)])
def test_images_are_compared_in_fours_or_fewer(batch: int, world: int, group: int) -> None:
    assert compared(batch, Replicas(0, world)) == group


def test_a_batch_that_cannot_be_compared_or_shared_is_refused() -> None:
    with pytest.raises(SettingsError, match="groups of 4: give 4 or 8"):
        compared(6, Replicas())
    with pytest.raises(SettingsError, match="give 8 or 16"):
        compared(10, Replicas(0, 2))
    with pytest.raises(SettingsError, match="give a multiple of 2"):
        compared(5, Replicas(0, 2))
    with pytest.raises(SettingsError, match="no images"):
        StyleGanTrainer(settings(), Held(discs(1)[:0]), None, ())
