"""What stands in the way of a training is told together, and by path."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from raydrift.engine.training.validation import Checked, Findings, check_findings, checked_input
from raydrift.errors import RejectedError
from raydrift.settings.output import FaultSettings
from raydrift.storage.shards import Rejected


def images(name: str, count: int, first: int = 0, **told: Sequence[Any]) -> Checked:
    """A domain of images of 64 x 64 pixels in colour, each with a file of its own."""
    facts: dict[str, Sequence[Any]] = {
        "path": [f"{name}/{number}.jpg" for number in range(count)],
        "class_name": [name] * count,
        "width": [64] * count,
        "height": [64] * count,
        "grey": [False] * count,
        "deviation": [50.0] * count,
        "content_crc": range(first, first + count),
    }
    return Checked(name, pa.table({key: list(values) for key, values in (facts | told).items()}))


def found(
    *domains: Checked, channels: int = 3, by_class: bool = False, least: int = 10
) -> Findings:
    return checked_input(
        domains, (64, 64), channels, FaultSettings(), least=least, by_class=by_class
    )


def test_an_input_without_problems_has_nothing_to_tell() -> None:
    findings = found(images("source", 10), images("target", 12, first=100))
    assert findings == Findings(used=findings.used)
    assert [len(rows) for rows in findings.used] == [10, 12]
    assert check_findings(findings, True, "report.json") == []


def test_a_domain_and_a_class_need_enough_images() -> None:
    assert found(images("source", 9), images("target", 10, first=100)).problems == (
        "source: 9 usable images, at least 10 are needed",
    )
    classes = images("images", 72, class_name=["cats"] * 70 + ["dogs"] * 2)
    assert found(classes, by_class=True, least=70).problems == (
        "class 'dogs': 2 usable images, at least 70 are needed",
    )


def test_of_equal_files_one_is_used_and_all_are_counted() -> None:
    findings = found(images("source", 12, content_crc=[1, 1, *range(2, 12)]))
    assert findings.used[0].tolist() == [0, *range(2, 12)]
    assert findings.notes == (
        "source: 1 of 12 images are the same files again; the training sees one of each",
    )
    assert findings.listed == (
        {"domain": "source", "problem": "the same file again", "path": "source/1.jpg"},
    )


def test_equal_files_of_two_classes_are_not_one() -> None:
    classes = images("images", 2, class_name=["a", "b"], content_crc=[7, 7])
    assert found(classes, by_class=True, least=1).used[0].tolist() == [0, 1]


def test_files_of_one_checksum_with_other_pixels_are_not_one() -> None:
    deviations = [50.0, 51.0]  # of 100,000 files two have the same CRC-32 by chance
    findings = found(images("source", 2, content_crc=[7, 7], deviation=deviations), least=1)
    assert findings.used[0].tolist() == [0, 1]
    other = images("target", 10, first=9, deviation=[51.0] * 10)
    assert found(images("source", 10), other).problems == ()


def test_no_file_may_be_in_both_domains() -> None:
    findings = found(images("source", 10), images("target", 10, first=9))
    assert findings.problems == ("1 file is in both domains (first: target/0.jpg)",)
    assert [one["path"] for one in findings.listed] == ["source/9.jpg", "target/0.jpg"]


@pytest.mark.parametrize(("small", "is_problem"), [(6, False), (7, True)])
def test_images_of_less_than_half_the_size(small: int, is_problem: bool) -> None:
    sides = [31] * small + [32] * (12 - small)
    findings = found(images("source", 12, width=sides, height=sides))
    told = f"source: {small} of 12 images are smaller than half of 64 x 64 (first: source/0.jpg)"
    if is_problem:
        assert findings.problems == (f"{told}: give a smaller --image-size",)
    else:
        assert findings.notes == (told,)


def test_stretched_and_grey_images_are_noted() -> None:
    findings = found(images("source", 10, width=[129] + [128] * 9, grey=[True] * 10))
    assert findings.notes == (
        "source: 1 of 10 images are stretched by more than 2 : 1 (first: source/0.jpg): "
        "validate.fit = 'crop' takes the middle",
        "source: all images are grey: channels = 1 trains faster",
    )
    (said,) = found(images("source", 10), channels=1).notes
    assert said == "source: images in colour are made grey, as channels = 1 asks"


def test_too_many_unusable_images_are_a_problem_and_a_few_are_not() -> None:
    rejected = [Rejected(n, f"bad{n}.jpg", "decode", "not an image", None) for n in range(3)]
    few = Checked("source", images("source", 27).facts, rejected)
    assert found(few).notes == ("source: 3 of 30 images cannot be used",)
    many = Checked("source", images("source", 26).facts, rejected)
    assert found(many).problems == (
        "source: 3 of 29 images cannot be used, more than 0.1 of them "
        "(first: bad0.jpg: not an image)",
    )


def test_where_no_image_may_fail_the_first_one_is_a_problem() -> None:
    rejected = [Rejected(0, "bad.jpg", "decode", "not an image", None)]
    domain = Checked("source", images("source", 99).facts, rejected)
    strict = FaultSettings(on_error="fail")
    findings = checked_input([domain], (64, 64), 3, strict, least=10, by_class=False)
    assert findings.problems == (
        "source: bad.jpg: not an image (go on without such images with --on-error skip)",
    )


def test_problems_are_one_error_that_names_the_remedies_or_else_notes() -> None:
    findings = found(images("source", 1), images("target", 2, first=10))
    with pytest.raises(RejectedError) as refused:
        check_findings(findings, True, "out/validation.json")
    assert str(refused.value) == (
        "the input cannot be trained on: source: 1 usable image, at least 10 are needed; target: "
        "2 usable images, at least 10 are needed (all by path in out/validation.json): mend the "
        "input, or train with validate.check = false"
    )
    assert check_findings(findings, False, "out/validation.json") == [
        "not checked: source: 1 usable image, at least 10 are needed",
        "not checked: target: 2 usable images, at least 10 are needed",
    ]
