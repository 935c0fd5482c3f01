"""``storage_options`` for S3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from raydrift.errors import SettingsError, suggest
from raydrift.paths.secrecy import Secret, conceal

CHECKSUMS: Final = ("when_supported", "when_required")


@dataclass(frozen=True)
class S3Options:
    """How a bucket is reached. What is None comes from the environment, as for every AWS tool.

    Attributes:
        key: Access key id (``AWS_ACCESS_KEY_ID``, a profile, a role, …). Like the next two it
            may be given as a plain string, and is kept as a ``Secret``.
        secret: Secret access key.
        token: Session token of temporary credentials.
        endpoint_url: The URL of a store that is not AWS's (``AWS_ENDPOINT_URL``).
        region: ``AWS_DEFAULT_REGION``; without one AWS is asked for the bucket's.
        anon: Whether requests are not signed: for public buckets.
        checksums: ``when_required`` leaves out the checksums that some S3-compatible stores do not
            understand (``AWS_REQUEST_CHECKSUM_CALCULATION``); else ``when_supported``.
        attempts: How often a request is tried before the file as a whole is tried again, which is
            done a few times.
    """

    key: Secret | None = field(default=None, repr=False)
    secret: Secret | None = field(default=None, repr=False)
    token: Secret | None = field(default=None, repr=False)
    endpoint_url: str | None = None
    region: str | None = None
    anon: bool = False
    checksums: str | None = None
    attempts: int = 2

    def __post_init__(self) -> None:
        for name in ("key", "secret", "token"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, conceal(value))

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> S3Options:
        """Reads ``storage_options``.

        Raises:
            SettingsError: An unknown key or a wrong value; secrets are not repeated.
        """
        kinds = {item.name: item.type for item in fields(cls)}
        for name, value in values.items():
            if name not in kinds:
                raise SettingsError(
                    f"unknown key storage_options.{name} for s3://: {suggest(name, kinds)}"
                )
            kind = {"bool": bool, "int": int}.get(str(kinds[name]), str)
            if type(value) is not kind:
                raise SettingsError(f"storage_options.{name} is not a {kind.__name__}")
        options = cls(**values)
        if options.checksums not in (None, *CHECKSUMS):
            raise SettingsError(
                f"storage_options.checksums is {options.checksums!r}: "
                f"choose from: {', '.join(CHECKSUMS)}"
            )
        if options.attempts < 1:
            raise SettingsError("storage_options.attempts: give at least 1")
        if (options.key is None) != (options.secret is None):
            raise SettingsError("storage_options: key and secret come together")
        endpoint = options.endpoint_url
        if endpoint is not None and not endpoint.startswith(("http://", "https://")):
            raise SettingsError(
                "storage_options.endpoint_url: write http:// or https:// before the host"
            )
        return options
