"""A run in a bucket as loose files in a bucket, and its manifest as an input."""

import raydrift
from raydrift.catalog import load_catalog
from raydrift.paths import StoragePath
from tests.exports.made_runs import finished_run, png_of
from tests.s3.servers import Server
from tests.s3.test_storage_path import options


def test_a_run_is_exported_and_read_back(server: Server, bucket: str) -> None:
    reached = options(server)
    run = StoragePath.of(f"s3://{bucket}/run", reached)
    finished_run(run, [(name, f"{n}.jpg") for n in range(5) for name in ("cat", "dög")])
    out = f"s3://{bucket}/out"
    files = raydrift.export(run.uri, out, layout="modelarts", storage_options=reached)
    assert files == [f"{out}/output_0.manifest"]
    catalog = load_catalog(files[0], options=reached, split="train")
    assert catalog.counts() == {"cat": 5, "dög": 5}
    assert catalog.table["size"].to_pylist() == [len(png_of(number)) for number in range(10)]
    assert (catalog.root / catalog.table["path"][3].as_py()).read_bytes() == png_of(3)
    assert raydrift.export(run.uri, out, layout="modelarts", storage_options=reached) == files
