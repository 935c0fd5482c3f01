"""One evaluation, or one calibration."""

from dataclasses import dataclass, replace

from raydrift.errors import SettingsError
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.mlflow import MlflowSettings
from raydrift.settings.sweep import Sweep
from raydrift.settings.task import TaskSettings


@dataclass(frozen=True)
class EvaluateSettings:
    """One run of the experiment.

    Attributes:
        run: The images, the network and the workers, as for a run that writes; its own transforms
            are left aside.
        sweep: How the images drift.
        batches: How many batches of ``run.embedding.batch_size`` are measured, from the first on;
            None: all.
        task: The user's model, which is asked too; None: none is.
        mlflow: Where what was found is tracked; None: nowhere.
    """

    run: GenerateSettings
    sweep: Sweep
    batches: int | None = None
    task: TaskSettings | None = None
    mlflow: MlflowSettings | None = None

    def __post_init__(self) -> None:
        self.run.check_no_copies()
        if self.batches is not None and self.batches < 1:
            raise SettingsError(f"batches is {self.batches}: give at least 1")
        if self.run.raw is not None:
            self.run.raw.check_transforms(self.sweep.infos())
        profile = self.run.profile.with_own(self.sweep.infos())
        profile.check_setups(self.sweep.infos(max(self.sweep.levels)))
        object.__setattr__(self, "run", replace(self.run, profile=profile))
        self.run.check_twins(self.sweep.infos(max(self.sweep.levels)))


@dataclass(frozen=True)
class CalibrateSettings:
    """One calibration.

    Attributes:
        run: The images, the network and the workers, as for ``EvaluateSettings``.
        sweep: How the images drift; its levels are left aside.
        profile: The file to write.
        metric: A name in ``metrics.METRICS``.
        target: A divergence whose level is found; None: the curve is measured.
        plot: A picture of the curve to write; None: none.
        for_images: Also how far another sample of so many images may be from the curve; None: only
            how sure the curve is.
    """

    run: GenerateSettings
    sweep: Sweep
    profile: str = "profile.toml"
    metric: str = "kl_softmax"
    target: float | None = None
    plot: str | None = None
    for_images: int | None = None

    def __post_init__(self) -> None:
        self.run.check_no_copies()
