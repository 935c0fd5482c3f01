"""What there is to say of a command's images, in lines."""

from raydrift.report.input_summary import InputSummary
from raydrift.storage.remarks import Remark


def test_a_line_for_each_in_the_same_order_everywhere() -> None:
    told = InputSummary(
        {"cat": 60, "dog": 1},
        {"no image": 1200},
        ("one class has more images than all others",),
        (Remark("came out black", 2, ("cat/1.tif", "cat/2.tif")),),
    )
    assert told.lines == [
        "2 classes, 61 images: cat 60, dog 1",
        "passed over: 1,200 (no image)",
        "one class has more images than all others",
        "2 images came out black (first: cat/1.tif)",
    ]


def test_nothing_is_said_where_there_is_nothing() -> None:
    assert InputSummary().lines == []
