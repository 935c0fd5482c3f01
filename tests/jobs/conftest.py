"""The cluster that jobs are submitted to."""

from collections.abc import Iterator

import pytest

from tests.jobs.heads import Head, running_head


@pytest.fixture(scope="package")
def head() -> Iterator[Head]:
    with running_head() as head:
        yield head
