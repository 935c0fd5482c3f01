"""The batches of a matrix: what each view makes of the images, side by side in the network."""

from dataclasses import dataclass, replace
from typing import Self

from raydrift.camera import View
from raydrift.catalog import Catalog
from raydrift.engine.data.measured import MeasureViewsJob
from raydrift.engine.measured_batches import MeasuredBatches
from raydrift.settings.matrix import MatrixSettings


@dataclass(frozen=True)
class MeasuredViews(MeasuredBatches):
    """Measures a run's samples batch by batch, as each of some views shows them.

    An image is read once, developed by each view, and embedded as each shows it. Nothing drifts.

    Attributes:
        views: The views.
        compat: Whether they are as published.
    """

    views: tuple[View, ...] = ()
    compat: bool = False

    @classmethod
    def of_views(cls, settings: MatrixSettings, catalog: Catalog) -> Self:
        """What is measured for a matrix.

        Raises:
            SettingsError: More samples are asked for than the input has.
            WeightsError: The network's weights cannot be found.
        """
        views = tuple(map(View.parse, settings.views))
        measured = cls.of(settings.run, catalog, chains=())
        return replace(measured, views=views, compat=settings.compat)

    @property
    def told(self) -> MeasureViewsJob:
        """What the workers are told of what is measured."""
        return MeasureViewsJob(self.views, self.compat, self.measure)
