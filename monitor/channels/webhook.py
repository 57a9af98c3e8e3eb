"""Alerts as signed HTTP POSTs: a CloudEvents 1.0 envelope, headers as Standard Webhooks has them.

The address is the operator's, never a feed's, so that private networks are allowed: most receivers live there. Redirects
are not followed, so that a receiver cannot point the monitor anywhere else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from monitor.alerts import ChannelPolicy
from monitor.channels.deadline import deadline
from monitor.channels.log import data_of, dumps
from monitor.model import Alert, DeliveryError, Message
from monitor.text.display import one_line

_LONGEST_REPLY = 2_048  # bytes read of an answer; only its status counts
_SECRET_PREFIX = "whsec_"  # noqa: S105 -- the prefix of secrets, not a secret

# 4xx says "never again" of the message. These say "not now", or are the operator's to mend while the message waits.
_TEMPORARY = frozenset({401, 403, 404, 407, 408, 409, 421, 423, 425, 429})


class WebhookChannel(ChannelPolicy):
    """An HTTP receiver. With a `secret`, every request is signed, and the receiver can refuse forged and replayed ones."""

    kind: Literal["webhook"]
    url: SecretStr = Field(description="http or https; a secret, since many services put a token into the path")
    secret: SecretStr | None = Field(default=None, description="at least 16 characters, or whsec_ and base64")
    headers: dict[str, SecretStr] = Field(default={}, description="more headers, e.g. Authorization")
    source: str = Field(default="/stance-monitor", description="CloudEvents source: names this installation")
    timeout: timedelta = timedelta(seconds=10)
    total: timedelta = timedelta(seconds=30)
    ca_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: SecretStr) -> SecretStr:
        parts = urlsplit(url.get_secret_value())
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise ValueError("the address must be http:// or https:// with a host and without user:password@")
        if not url.get_secret_value().isascii() or any(char.isspace() for char in url.get_secret_value()):
            raise ValueError("the address must be plain ASCII without spaces; percent-encode the rest")
        return url

    @field_validator("secret")
    @classmethod
    def _is_long(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(_secret(secret)) < 16:
            raise ValueError("a secret under 16 bytes is guessed; take one of 32")
        return secret

    @field_validator("headers")
    @classmethod
    def _are_single_lines(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            if not name.replace("-", "").isalnum() or not value.get_secret_value().isprintable():
                raise ValueError(f"header {name!r} must be one printable line")
        return headers

    def send(self, message: Message, *, key: str, answers: Sequence[str] = ()) -> None:
        """POSTs the message. Raises DeliveryError; permanent when the receiver refuses this very message."""
        post(self, envelope(message, key=key, answers=answers, source=self.source, now=datetime.now(UTC)), key=key)

    def _post(self, body: bytes, *, key: str, now: datetime) -> tuple[int, str, Mapping[str, str]]:
        parts = urlsplit(self.url.get_secret_value())
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        with deadline(self.total.total_seconds(), lambda: connection.sock) as passed:
            try:
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                connection.request("POST", target, body=body, headers=self._headers(body, key=key, now=now))
                answer = connection.getresponse()
                reply = answer.read(_LONGEST_REPLY).decode("utf-8", "replace")
            except (OSError, http.client.HTTPException, ValueError) as error:
                said = f"no end after {self.total}" if passed.is_set() else f"{type(error).__name__}: {error}"
                raise DeliveryError(f"{self._where}: {one_line(said)[:200]}", permanent=False) from error
            finally:
                connection.close()
        return answer.status, one_line(reply)[:200], dict(answer.headers)

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        timeout = self.timeout.total_seconds()
        if scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=timeout)
        context = ssl.create_default_context()
        if self.ca_file:
            context.load_verify_locations(self.ca_file)
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)

    def _headers(self, body: bytes, *, key: str, now: datetime) -> dict[str, str]:
        stamp = str(int(now.timestamp()))
        headers = {name: value.get_secret_value() for name, value in self.headers.items()} | {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "User-Agent": "stance-monitor",
            "Idempotency-Key": key,
            "webhook-id": key,
            "webhook-timestamp": stamp,
        }
        if self.secret is not None:
            headers["webhook-signature"] = signature(body, key=key, stamp=stamp, secret=self.secret)
        return headers

    @property
    def _where(self) -> str:
        return f"{self.id}: {urlsplit(self.url.get_secret_value()).hostname}"


def post(channel: WebhookChannel, data: dict[str, Any], *, key: str) -> None:
    """POSTs one CloudEvent. Raises DeliveryError; permanent when the receiver refuses this very message."""
    status, reply, headers = channel._post(dumps(data).encode(), key=key, now=datetime.now(UTC))
    if 200 <= status < 300:
        return
    permanent = 300 <= status < 500 and status not in _TEMPORARY
    waits = _retry_after(headers)
    raise DeliveryError(f"{channel._where}: HTTP {status} {reply}".rstrip(), permanent=permanent, retry_after=waits)


def envelope(message: Message, *, key: str, answers: Sequence[str], source: str, now: datetime) -> dict[str, Any]:
    """The message as a CloudEvents 1.0 event in JSON: one change, or several of a type of their own."""
    if isinstance(message, Alert):
        change = message.change
        kind, subject = f"change.{change.level}", f"{change.topic}/{change.holder}"
    else:
        kind, subject = "changes", "+".join(sorted({alert.change.topic for alert in message.alerts}))
    return {
        "specversion": "1.0",
        "id": key,
        "source": source,
        "type": f"org.stance-monitor.{kind}",
        "subject": subject,
        "time": now.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data_of(message, key=key, answers=answers) | {"text": message.text},
    }


def signature(body: bytes, *, key: str, stamp: str, secret: SecretStr) -> str:
    """Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, base64, version 1."""
    signed = f"{key}.{stamp}.".encode() + body
    digest = hmac.new(_secret(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _secret(secret: SecretStr) -> bytes:
    value = secret.get_secret_value()
    if not value.startswith(_SECRET_PREFIX):
        return value.encode()
    try:
        return base64.b64decode(value.removeprefix(_SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("after whsec_ there must be base64") from error


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return timedelta(seconds=min(int(value), 86_400)) if value.isascii() and value.isdigit() else None
