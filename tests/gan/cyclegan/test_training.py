"""A training, step by step."""

import math

import pytest
import torch
from torch.nn.functional import l1_loss, mse_loss

from raydrift.gan.cyclegan.description import generator_of
from raydrift.gan.cyclegan.loading import Pairs
from raydrift.gan.cyclegan.networks import Networks
from raydrift.gan.cyclegan.training import LOSSES, CycleGanTrainer
from raydrift.gan.trainer import Trainer
from raydrift.settings.translate import TranslateSettings
from tests.gan.cyclegan.domains import blotches, small_settings, small_trainer

SETTINGS = small_settings(train={"epochs": 4, "save_every": 2})

pytestmark = pytest.mark.usefixtures("one_thread")


def first_batch(settings: TranslateSettings) -> list[torch.Tensor]:
    source, target = blotches(settings, 10, seed=1), blotches(settings, 7, seed=2)
    run, batch = settings.run, settings.train.batch_size
    seen = Pairs(source, target, run.image, settings.channels, batch, run.seed).take(
        0, slice(0, batch)
    )
    return [torch.from_numpy(one).double().permute(0, 3, 1, 2) / 127.5 - 1 for one in seen]


@pytest.mark.usefixtures("double_precision")
def test_a_step_follows_the_published_objective() -> None:
    """Written once more, term by term; Adam's first mean is half of the gradient."""
    trainer = small_trainer(SETTINGS)
    nets = Networks(trainer.description(), SETTINGS.run.seed)
    trainer.step()
    a, b = first_batch(SETTINGS)

    fake_b, fake_a = nets.to_target(a), nets.to_source(b)
    judged_b, judged_a = nets.of_target(fake_b), nets.of_source(fake_a)
    losses = {
        "gan_to_target": mse_loss(judged_b, torch.ones_like(judged_b)),
        "gan_to_source": mse_loss(judged_a, torch.ones_like(judged_a)),
        "cycle": 10 * (l1_loss(nets.to_source(fake_b), a) + l1_loss(nets.to_target(fake_a), b)),
        "identity": 0.5 * 10 * (l1_loss(nets.to_target(b), b) + l1_loss(nets.to_source(a), a)),
    }
    losses["generator"] = sum(losses.values(), torch.zeros(()))
    generators = [*nets.to_target.parameters(), *nets.to_source.parameters()]
    gradients = {"generator_adam": torch.autograd.grad(losses["generator"], generators)}

    # The discriminators see what the generators made before they were moved.
    for name, network, real, fake in (
        ("source", nets.of_source, a, fake_a.detach()),
        ("target", nets.of_target, b, fake_b.detach()),
    ):
        true, false = network(real), network(fake)
        losses[f"discriminator_{name}"] = 0.5 * (
            mse_loss(true, torch.ones_like(true)) + mse_loss(false, torch.zeros_like(false))
        )
    both = losses["discriminator_source"] + losses["discriminator_target"]
    judges = [*nets.of_source.parameters(), *nets.of_target.parameters()]
    gradients["discriminator_adam"] = torch.autograd.grad(both, judges)

    said = trainer.losses()
    assert said.pop("rate") == 1e-3
    assert said == pytest.approx({name: loss.item() for name, loss in losses.items()}, rel=1e-9)
    for name, wanted in gradients.items():
        moments = trainer.state()[name]["state"]
        for place, gradient in enumerate(wanted):
            torch.testing.assert_close(
                2 * moments[place]["exp_avg"], gradient, rtol=1e-8, atol=1e-12
            )


def test_steps_and_saves_are_counted_in_pairs_of_the_larger_domain() -> None:
    trainer: Trainer = small_trainer(SETTINGS)  # mypy: it is one
    assert (trainer.steps, trainer.save_steps) == (10, 5)  # 4 and 2 epochs of 10, batches of 4
    assert (trainer.steps_done, trainer.images_seen) == (0, 0)
    trainer.step()
    trainer.step()
    assert (trainer.steps_done, trainer.images_seen) == (2, 16)


def test_losses_are_means_since_they_were_asked_for() -> None:
    often, once = small_trainer(SETTINGS), small_trainer(SETTINGS)
    assert often.losses() == {}
    each = []
    for _ in range(3):
        often.step()
        once.step()
        each.append(often.losses())
    means = once.losses()
    assert set(means) == {*LOSSES, "rate"}
    for name in LOSSES:
        assert means[name] == pytest.approx(sum(one[name] for one in each) / 3, rel=1e-5)
    assert once.losses() == {}


def test_the_rate_falls_step_by_step_and_can_be_scaled() -> None:
    trainer = small_trainer(SETTINGS)
    rates = []
    for step in range(trainer.steps):
        if step == 8:
            trainer.scale_rates(0.5)
        trainer.step()
        rates.append(trainer.losses()["rate"])
    shares = [1, 1, 1, 1, 1, 1, 0.8, 0.6, 0.2, 0.1]
    assert rates == pytest.approx([1e-3 * share for share in shares])


def test_without_identity_loss_the_others_stay() -> None:
    with_it, without = small_trainer(SETTINGS), small_trainer(small_settings(lambda_identity=0.0))
    with_it.step()
    without.step()
    losses, others = with_it.losses(), without.losses()
    assert others["identity"] == 0
    assert losses["identity"] > 0
    for name in ("cycle", "gan_to_target", "discriminator_source"):
        assert others[name] == pytest.approx(losses[name], rel=1e-5)
    assert others["generator"] == pytest.approx(losses["generator"] - losses["identity"], rel=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_images_can_be_grey_and_oblong(channels: int) -> None:
    settings = small_settings(size=(32, 48), channels=channels, pool=2)
    trainer = small_trainer(settings)
    for _ in range(2):
        trainer.step()
    assert all(math.isfinite(loss) for loss in trainer.losses().values())
    made = trainer.generators()["to_source"](torch.zeros(1, channels, 32, 48))
    assert made.shape == (1, channels, 32, 48)
    assert trainer.state()["pools"][0]["images"].shape == (2, channels, 32, 48)


def test_bfloat16_trains_alike_and_keeps_float32_weights() -> None:
    exact = small_trainer(SETTINGS)
    rough = small_trainer(small_settings(train={"precision": "bfloat16"}))
    for trainer in (exact, rough):
        trainer.step()
    losses, wanted = rough.losses(), exact.losses()
    assert losses["cycle"] != wanted["cycle"]
    assert losses == pytest.approx(wanted, rel=0.03)
    state = rough.state()
    assert {value.dtype for value in state["networks"].values()} == {torch.float32}
    assert state["pools"][0]["images"].dtype == torch.float32


def test_samples_follow_the_networks_in_a_short_training() -> None:
    """The average forgets how it began: after 20 steps it is near what is trained."""
    trainer = small_trainer(small_settings(train={"epochs": 100}))
    begun = Networks(trainer.description(), SETTINGS.run.seed).to_target.state_dict()
    for _ in range(20):
        trainer.step()
    trained = trainer.state()["networks"]
    average = trainer.generators()["to_target"]
    assert not average.training
    far = near = 0.0
    for name, mean in average.state_dict().items():
        far += (mean - begun[name]).square().sum().item()
        near += (mean - trained[f"to_target.{name}"]).square().sum().item()
    assert 0 < near < 0.1 * far


def test_all_networks_begin_with_weights_of_their_own() -> None:
    nets = Networks(small_trainer(SETTINGS).description(), 1)
    for first, second in ((nets.to_target, nets.to_source), (nets.of_source, nets.of_target)):
        for weight, other in zip(first.parameters(), second.parameters(), strict=True):
            assert weight.ndim == 1 or (weight != other).any()


def test_the_global_generator_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    small_trainer(SETTINGS).step()
    assert torch.equal(before, torch.random.get_rng_state())


def test_another_seed_is_another_training() -> None:
    first, same, other = (small_trainer(SETTINGS, seed=seed) for seed in (None, 42, 43))
    for trainer in (first, same, other):
        trainer.step()
    losses = first.losses()
    assert same.losses() == losses
    assert other.losses() != losses


def test_a_failure_shows_in_the_losses() -> None:
    trainer = small_trainer(small_settings(train={"generator_rate": 1e30}))
    for _ in range(3):
        trainer.step()
    assert not all(math.isfinite(loss) for loss in trainer.losses().values())


def test_discriminators_that_win_show_in_the_losses() -> None:
    """The generators hardly move: what they make is told from real images for sure."""
    rates = {"generator_rate": 1e-12, "discriminator_rate": 2e-3, "epochs": 100}
    trainer = small_trainer(small_settings(train=rates))
    for _ in range(40):
        trainer.step()
    trainer.losses()
    for _ in range(10):
        trainer.step()
    losses = trainer.losses()
    assert losses["discriminator_target"] < 0.02
    assert losses["discriminator_source"] < 0.02
    assert losses["gan_to_target"] > 0.8
    assert losses["gan_to_source"] > 0.8


def test_a_description_makes_the_generator_again() -> None:
    trainer = small_trainer(SETTINGS)
    trainer.step()
    description = trainer.description()
    assert description == {
        "kind": "cyclegan",
        "height": 32,
        "width": 32,
        "channels": 3,
        "generator_width": 8,
        "blocks": 1,
        "discriminator_width": 16,
        "discriminator_layers": 2,
        "fit": "stretch",
    }
    trained = trainer.generators()["to_target"]
    again = generator_of(description)
    again.load_state_dict(trained.state_dict())
    image = torch.randn(1, 3, 32, 32)
    assert torch.equal(again(image), trained(image))


def test_the_number_of_blocks_goes_by_the_size() -> None:
    settings = small_settings(size=(64, 64), width=4, blocks="auto")
    trainer = CycleGanTrainer(settings, blotches(settings, 2, 1), blotches(settings, 2, 2))
    assert trainer.description()["blocks"] == 6
