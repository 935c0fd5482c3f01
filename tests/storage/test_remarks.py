"""Remarks on images: counted by shard and by run, with a few examples each."""

import json
from dataclasses import asdict

import pyarrow as pa

from raydrift.storage.remarks import Remark, RemarkCount
from raydrift.storage.shards import LedgerRow
from raydrift.storage.summary import remarks

BLACK, RAW = "came out black", "came with a profile that was not applied"


def counted(*images: tuple[str, list[str]]) -> tuple[Remark, ...]:
    count = RemarkCount()
    paths, phrases = zip(*images, strict=True)
    count.add_images(
        pa.chunked_array([pa.array(paths)]),
        pa.chunked_array([pa.array(phrases, pa.list_(pa.string()))]),
    )
    return count.listed


def row(shard: int, *told: Remark) -> LedgerRow:
    return LedgerRow(shard, "run", 10, 10, 0, 0, 0, 0, 0, 0, remarks=told)


def test_images_are_counted_and_the_first_ones_named() -> None:
    many = [(f"{number}.tif", [BLACK]) for number in range(5)]
    assert counted(("a.png", []), ("b.tif", [BLACK, RAW]), *many) == (
        Remark(BLACK, 6, ("b.tif", "0.tif", "1.tif")),
        Remark(RAW, 1, ("b.tif",)),
    )
    assert counted(("a.png", []), ("b.png", [])) == ()


def test_the_remarks_of_shards_are_added_in_their_order() -> None:
    rows = [
        row(0, Remark(BLACK, 2, ("a", "b"))),
        row(1),
        row(2, Remark(BLACK, 1000, ("c", "d", "e")), Remark(RAW, 1, ("f",))),
    ]
    assert remarks(rows) == (Remark(BLACK, 1002, ("a", "b", "c")), Remark(RAW, 1, ("f",)))
    assert [str(remark) for remark in remarks(rows)] == [
        "1,002 images came out black (first: a)",
        "1 image came with a profile that was not applied (first: f)",
    ]


def test_they_are_in_a_ledger_entry_and_come_out_of_it_alike() -> None:
    told = row(3, Remark(BLACK, 2, ("a", "猫")))
    assert LedgerRow.from_dict(json.loads(json.dumps(asdict(told)))) == told
    old = {name: value for name, value in asdict(row(3)).items() if name != "remarks"}
    assert LedgerRow.from_dict(old) == row(3)
