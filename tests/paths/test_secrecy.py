import copy
import json
import pickle
from dataclasses import asdict
from pprint import pformat

import pytest

from raydrift.engine.data.shard_work import ShardJob
from raydrift.paths import StoragePath, redacted
from raydrift.paths.s3_options import S3Options
from raydrift.paths.secrecy import Secret, conceal, reveal
from raydrift.settings import GenerateSettings


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("photos/a@b", "photos/a@b"),
        ("s3://bucket/photos", "s3://bucket/photos"),
        ("s3://key:se/cr@et@bucket/photos", "s3://***@bucket/photos"),
        ("s3://bucket/a@b.jpg", "s3://bucket/a@b.jpg"),
        ("ftp://me:pw@host:21/a", "ftp://***@host:21/a"),
        ("https://host/a?sig=abc&se=2030", "https://host/a?sig=***&se=***"),
        ("s3://b/a?region=eu&endpoint_override=x:1&scheme=http",) * 2,
        (
            "weights 's3://k:s@b/w.pt': 404 for https://host/w.pt?X-Amz-Signature=0a: give random",
            "weights 's3://***@b/w.pt': 404 for https://host/w.pt?X-Amz-Signature=***: give random",
        ),
        ("what? a b=c", "what? a b=c"),
    ],
)
def test_credentials_in_uris_are_masked(text: str, shown: str) -> None:
    assert redacted(text) == shown


HIDDEN = {"key": "S3CRET-1", "secret": "S3CRET-2", "token": "S3CRET-3"}


def test_no_way_of_printing_shows_a_secret() -> None:
    secret = Secret("S3CRET")
    ways = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>10}",
        "{} {!r}".format(*[secret] * 2),
    ]
    ways += [pformat({"a": [secret]}), repr([secret]), json.dumps([secret], default=str)]
    ways += [str(copy.deepcopy([secret])), str(pickle.loads(pickle.dumps(secret)))]
    assert not any("S3CRET" in way for way in ways)
    assert all("***" in way for way in ways)
    with pytest.raises(TypeError):
        json.dumps(secret)


def test_a_secret_is_still_what_it_is() -> None:
    secret = pickle.loads(pickle.dumps(Secret("S3CRET")))
    assert secret.reveal() == "S3CRET"
    assert secret == Secret("S3CRET") != Secret("another")
    assert hash(secret) == hash(Secret("S3CRET"))
    table = {"a": 1, "b": {"c": [True]}}
    assert reveal(conceal(conceal(table))) == table


def test_what_a_worker_is_told_shows_no_secret_however_it_is_written() -> None:
    """Ray exports what its actors are made with as ``asdict`` has it."""
    settings = GenerateSettings("in", "out", storage_options={**HIDDEN, "output": HIDDEN})
    place = StoragePath.of("s3://bucket/a", {**HIDDEN, "region": "eu-west-1"})
    job = ShardJob(settings, place, place / "b", "run", {})
    copies = [job, pickle.loads(pickle.dumps(job))]
    for one in copies:
        plain = asdict(one)
        told = [repr(one), str(plain), pformat(plain), json.dumps(plain, default=str)]
        told += [repr(vars(one)), repr(vars(one.source)), repr(vars(one.source.s3))]
        told += [repr(vars(one.source.s3.login)), repr(one.source.filesystem)]
        assert not any("S3CRET" in text for text in told)
        assert one.settings.options_of("output") == HIDDEN
        assert one.source.s3.options == S3Options(**HIDDEN, region="eu-west-1")
