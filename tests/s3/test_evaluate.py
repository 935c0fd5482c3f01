"""An experiment from a bucket into a bucket."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raydrift.engine.evaluate import evaluate
from raydrift.paths import StoragePath
from raydrift.settings.toml import evaluate_settings
from raydrift.storage import layout
from tests.s3.servers import Server
from tests.s3.test_storage_path import options


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
@pytest.mark.parametrize("server", ["moto"], indirect=True)
def test_a_bucket_holds_the_files_that_a_disk_would(
    server: Server, bucket: str, scenes: Path
) -> None:
    server.put_folder(scenes, bucket, "in/")
    settings = evaluate_settings(
        {
            "input": f"s3://{bucket}/in",
            "output": f"s3://{bucket}/out",
            "levels": "0.5",
            "batches": 1,
            "image": {"height": 32, "width": 32},
            "embedding": {"weights": "random", "batch_size": 6},
            "cluster": {"workers": 1},
            "storage_options": options(server),
        }
    )
    evaluation = evaluate(settings, quiet=True)
    output = StoragePath.of(settings.run.output, options(server))
    assert set(output.names()) == {*layout.EVALUATED, layout.EVALUATION}
    table = pq.read_table(pa.BufferReader((output / layout.METRICS).read_bytes()))
    assert table.equals(evaluation.metrics_table())
    page = (output / layout.REPORT).read_bytes().decode()
    record = (output / layout.EVALUATION).read_bytes().decode()
    assert page.count("<img src=") == 12, "the images are read from the bucket too"
    assert json.loads(record)["status"] == "complete"
    for secret in server.environment()["AWS_SECRET_ACCESS_KEY"], "storage_options":
        assert secret not in page
        assert secret not in record
