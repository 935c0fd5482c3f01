"""What a search for cameras found, in sentences."""

from raydrift.report.forensics import Forensics, WorstCamera
from raydrift.report.matrix_texts import hundredths
from raydrift.report.text import level_name, number
from raydrift.settings.forensics import ALL


def forensics_sentences(found: Forensics) -> list[str]:
    """The result: which part harms most, and from which level on, part by part."""
    parts = [part_sentence(found, part) for part in found.ranking]
    return [*parts, *([warning] if (warning := _warning(found)) else [])]


def part_name(part: str) -> str:
    """A part as a sentence has it."""
    return "all parts together" if part == ALL else part


def from_level(one: WorstCamera) -> str:
    """Where a sentence on a camera begins: at its level, and not below."""
    level = level_name(one.level)
    if one.part == ALL:
        return f"From level {level} of {part_name(ALL)} on"
    return f"From {one.part} {level} on"


def part_sentence(found: Forensics, part: str) -> str:
    """From which level on there is a camera that costs more than the drop."""
    first, last = found.breaks(part), found.worst_of[part][-1]
    what, name = f"{hundredths(found.drop)} points of {found.quality}", part_name(part)
    if first is None:
        return (
            f"{name}: up to level {level_name(last.level)} no camera was found that costs more "
            f"than {what}; the worst one costs {hundredths(found.lost(last))}."
        )
    said = (
        f"{from_level(first)} there is a camera that costs more than {what}: {_left(found, first)}"
    )
    if last is first or last.quality == first.quality:
        return f"{said}."
    return f"{said}, and {hundredths(last.quality)} % at {level_name(last.level)}."


def camera_text(one: WorstCamera) -> str:
    """The parameters of a camera in a line, with three digits.

    Those of a matrix of which there is no share are left out.
    """
    parts = []
    for name, value in one.camera.items():
        if isinstance(value, list):
            rows = "; ".join(" ".join(map(number, row)) for row in value)
            if one.camera.get("share"):
                parts.append(f"{name} {rows}")
        else:
            parts.append(f"{name} {value if isinstance(value, int) else number(value)}")
    return ", ".join(parts)


def _left(found: Forensics, one: WorstCamera) -> str:
    return f"of {hundredths(found.original)} % it leaves {hundredths(one.quality)} %"


def _warning(found: Forensics) -> str | None:
    """What is odd about the answers for the originals; None: nothing."""
    classes = len(found.task.labels)
    if found.of_pixels or classes < 2 or found.original > 1 / classes:
        return None
    return (
        f"The model gets {hundredths(found.original)} % of the originals right, no more than "
        "chance: look whether its classes are in the order of the input's labels, and at "
        "task.normalize."
    )
