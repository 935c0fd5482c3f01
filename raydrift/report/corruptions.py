"""What corruptions of finished pictures cost: what the drop of a matrix is held against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from raydrift import schemas
from raydrift.report.matrix import ProbeScores, mean_elsewhere

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CorruptionScores:
    """What is right on a model's own view when its pictures are corrupted.

    Of S splits, V views, C corruptions and L severities.

    Attributes:
        names: The corruptions.
        severities: The severities, rising.
        table: A row a view, corruption, severity and split, in that order
            (``schemas.CORRUPTIONS`` or ``CORRUPTIONS_IOU``).
        values: As of ``ProbeScores``, of shape (S, V, C, L).
        views: What is right on the views as they are.
    """

    names: tuple[str, ...]
    severities: tuple[int, ...]
    table: pa.Table
    values: Mapping[str, Numbers]
    views: ProbeScores

    @classmethod
    def of(cls, fits: Sequence[pa.Table], views: ProbeScores) -> Self:
        """The scores of all fits, which come by train view and split.

        Args:
            fits: Their tables (``schemas.FITTED`` or ``FITTED_IOU``).
            views: The scores of the rows that are of views as they are.
        """
        whole = pa.concat_tables(fits)
        whole = whole.filter(pc.is_valid(whole["corruption"])).rename_columns(
            {"train_view": "view"}
        )
        names = tuple(whole["corruption"].unique().to_pylist())
        severities = tuple(whole["severity"].unique().to_pylist())
        of_each = (len(names), len(severities))
        shape = (len(fits) // views.splits, views.splits, *of_each)
        order = np.arange(len(whole)).reshape(shape).transpose(0, 2, 3, 1).reshape(-1)
        values = {
            name: whole[name].to_numpy().reshape(shape).swapaxes(0, 1) for name in views.values
        }
        schema = schemas.CORRUPTIONS_IOU if "iou" in values else schemas.CORRUPTIONS
        table = whole.select(schema.names).take(pa.array(order)).combine_chunks()
        return cls(names, severities, table, values, views)

    @property
    def name(self) -> str:
        """What counts: ``accuracy``, or ``iou`` of masks."""
        return self.views.means.name

    @cached_property
    def means(self) -> Numbers:
        """What counts, in the mean of the splits, of shape (V, C, L)."""
        found: Numbers = self.values[self.name].mean(axis=0)
        return found

    @cached_property
    def drop(self) -> Numbers:
        """What counts on the view as it is, less that, of shape (V, C, L)."""
        own = np.diagonal(self.views.means.quality)
        found: Numbers = own[:, None, None] - self.means
        return found

    @cached_property
    def drop_deviation(self) -> Numbers:
        """That of the drops: the root of the sum of both squares, as of a matrix."""
        own = np.diagonal(self.views.deviations.quality)
        sd = self.values[self.name].std(axis=0, ddof=1)
        found: Numbers = np.hypot(own[:, None, None], sd)
        return found

    @property
    def mean_drop(self) -> Numbers:
        """Of all views and corruptions, by severity, of shape (L,)."""
        found: Numbers = self.drop.mean(axis=(0, 1))
        return found

    @property
    def elsewhere(self) -> float:
        """The mean drop on another view."""
        return mean_elsewhere(self.views.means.drop)

    @property
    def ratio(self) -> Numbers | None:
        """How often that on another view goes into it; None: nothing is lost on other views."""
        elsewhere = self.elsewhere
        return self.mean_drop / elsewhere if elsewhere > 0 else None

    @property
    def middle(self) -> int:
        """The place of the severity that is drawn: the middle one, the upper of two."""
        return len(self.severities) // 2

    @property
    def written(self) -> dict[str, Any]:
        """As ``matrix.json`` has it; the tables have a row a view and a column a corruption."""
        sd, ratio = self.drop_deviation, self.ratio
        return {
            "names": self.names,
            "mean_drop_elsewhere": self.elsewhere,
            "severities": [
                {
                    "severity": severity,
                    **self._tables(place),
                    "drop": self.drop[..., place].tolist(),
                    "drop_sd": sd[..., place].tolist(),
                    "mean_drop_by_view": self.drop[..., place].mean(axis=1).tolist(),
                    "mean_drop_by_corruption": self.drop[..., place].mean(axis=0).tolist(),
                    "mean_drop": float(self.mean_drop[place]),
                    "ratio": None if ratio is None else float(ratio[place]),
                }
                for place, severity in enumerate(self.severities)
            ],
        }

    def _tables(self, place: int) -> dict[str, Any]:
        """Means and standard deviations over the splits, of a severity."""
        found: dict[str, Any] = {}
        for name, values in self.values.items():
            found[name] = values[..., place].mean(axis=0).tolist()
            found[f"{name}_sd"] = values[..., place].std(axis=0, ddof=1).tolist()
        return found


def of_views(fit: pa.Table) -> pa.Table:
    """The rows of a fit that are of views as they are (``schemas.MATRIX`` or ``MATRIX_IOU``)."""
    return fit.filter(pc.is_null(fit["corruption"])).drop_columns(["corruption", "severity"])
