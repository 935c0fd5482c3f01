"""What there is to say of a command's images at its end, in the same words for every command."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from raydrift.catalog import Catalog
from raydrift.report.classes import classes_line, ignored_lines
from raydrift.storage.remarks import Remark, RemarkCount


@dataclass(frozen=True)
class InputSummary:
    """What there is to say of the images of a command.

    Attributes:
        classes: How many images of each class were used; None: it is not said.
        ignored: Files of the input that were passed over, by reason.
        notes: What is odd about the input, in plain sentences.
        remarks: On images that were used but are worth a look.
    """

    classes: Mapping[str, int] | None = None
    ignored: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()
    remarks: Sequence[Remark] = ()

    @classmethod
    def of(
        cls,
        catalog: Catalog,
        ranges: Iterable[str],
        class_names: Iterable[str] | None,
        remarks: Iterable[Remark],
    ) -> Self:
        """Adds up what there is to say.

        Args:
            catalog: The input.
            ranges: Sentences on the value ranges that were found in it.
            class_names: The class of each image that was used; None: the classes are not said.
            remarks: On those images, some of which may say the same.
        """
        total = RemarkCount()
        total.add(remarks)
        classes = None if class_names is None else dict(sorted(Counter(class_names).items()))
        return cls(classes, dict(catalog.ignored), (*catalog.notes, *ranges), total.listed)

    @property
    def lines(self) -> list[str]:
        """A line for each."""
        classes = [] if self.classes is None else [classes_line(self.classes)]
        return [*classes, *ignored_lines(self.ignored), *self.notes, *map(str, self.remarks)]
