import pytest

from raydrift.place import redacted


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
