"""Webhooks over real HTTP: the envelope, the signature, refusals, and receivers that fail at every point."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.alerts import render
from monitor.channels.webhook import WebhookChannel
from monitor.model import DeliveryError
from tests.alerts.samples import BEFORE, NOW, change
from tests.channels.conftest import Certificate
from tests.channels.receivers import Received, http_server, rude_server, until_closed

SECRET = "0123456789abcdef0123456789abcdef"


def channel(port: int, **more: Any) -> WebhookChannel:
    url = {"id": "hook", "kind": "webhook", "url": f"http://127.0.0.1:{port}/in/token-1?x=1"}
    return WebhookChannel.model_validate({**url, "timeout": 5, "total": 10, **more})


def refusal(port: int, **more: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        channel(port, **more).send(render(change()), key="k")
    assert "token-1" not in str(raised.value)
    return raised.value


def posted(**more: Any) -> Received:
    received: list[Received] = []
    with http_server(received) as port:
        channel(port, **more).send(
            render(change("ar", before="ru", confirmed=True)), key="7.confirmed", answers=["7.reported"]
        )
    return received[0]


def test_the_body_is_a_cloudevent_with_both_sides_of_the_change() -> None:
    post = posted()
    event = json.loads(post.body)
    assert post.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert {
        "specversion": "1.0",
        "id": "7.confirmed",
        "type": "org.stance-monitor.change.confirmed",
    }.items() <= event.items()
    assert event["subject"] == "us-russia-syria/USA/pentagon"
    assert event["time"].endswith("Z")
    data = event["data"]
    assert (data["before"]["quote"], data["after"]["quote"]) == (BEFORE["ru"], NOW["ar"])
    assert (data["publishers"], data["copies"]) == (
        ["النهار الجديد", "Third Voice"],
        ["Reprint (copy of النهار الجديد)"],
    )
    assert data["thread"] == "us-russia-syria.usa.pentagon.2"
    assert data["answers"] == ["7.reported"]
    assert post.path == "/in/token-1?x=1"


@pytest.mark.parametrize("secret", [SECRET, "whsec_" + base64.b64encode(SECRET.encode()).decode()])
def test_a_receiver_can_check_the_signature_over_id_time_and_body(secret: str) -> None:
    post = posted(secret=secret)
    signed = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode() + post.body
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert post.headers["webhook-signature"] == f"v1,{expected}"
    assert post.headers["webhook-id"] == post.headers["idempotency-key"] == "7.confirmed"


def test_without_a_secret_nothing_is_signed_and_own_headers_go_along() -> None:
    post = posted(headers={"Authorization": "Bearer abc"})
    assert "webhook-signature" not in post.headers
    assert post.headers["authorization"] == "Bearer abc"


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (410, True), (413, True), (422, True), (301, True), (308, True)]
    + [(status, False) for status in (401, 403, 404, 408, 409, 425, 429, 500, 502, 503, 504)],
)
def test_a_refusal_of_this_message_is_permanent_and_any_other_trouble_is_not(status: int, permanent: bool) -> None:
    received: list[Received] = []
    with http_server(received, status=status) as port:
        error = refusal(port)
    assert str(error) == f"hook: 127.0.0.1: HTTP {status} what the receiver says"
    assert error.permanent is permanent
    assert len(received) == 1


def test_a_redirect_is_not_followed() -> None:
    elsewhere: list[Received] = []
    with (
        http_server(elsewhere) as other,
        http_server([], status=307, headers={"Location": f"http://127.0.0.1:{other}/"}) as port,
    ):
        refusal(port)
    assert elsewhere == []


@pytest.mark.parametrize(
    ("value", "waits"),
    [("120", timedelta(minutes=2)), ("9" * 12, timedelta(days=1)), ("soon", None), ("١٢", None), ("-5", None)],
)
def test_retry_after_is_passed_on_within_reason(value: str, waits: timedelta | None) -> None:
    with rude_server(_answer(f"HTTP/1.1 503 later\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n")) as port:
        assert refusal(port).retry_after == waits


def test_https_needs_a_certificate_that_is_trusted(certificate: Certificate) -> None:
    received: list[Received] = []
    with http_server(received, tls=certificate.server) as port:
        url = f"https://127.0.0.1:{port}/in"
        channel(port, url=url, ca_file=certificate.ca_file).send(render(change()), key="k")
        error = refusal(port, url=url)
    assert len(received) == 1
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)
    assert not error.permanent


# --- receivers that fail at every point ---------------------------------------------------------------


def _answer(text: str, *, then_hang: bool = False) -> Any:
    def behave(connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        length = 0
        for line in stream:
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            if line == b"\r\n":
                break
        stream.read(length)
        connection.sendall(text.encode())
        if then_hang:
            until_closed(connection)

    return behave


POINTS = {
    "before the answer": "",
    "in the status line": "HTTP/1.1 20",
    "in the headers": "HTTP/1.1 200 OK\r\nContent-Le",
    "in the body": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
}


@pytest.mark.parametrize("point", POINTS)
def test_a_receiver_that_drops_the_line_is_a_temporary_error(point: str) -> None:
    with rude_server(_answer(POINTS[point])) as port:
        if "200 OK" in POINTS[point]:  # the receiver has said that it took the message
            channel(port).send(render(change()), key="k")
            return
        error = refusal(port)
    assert not error.permanent


@pytest.mark.parametrize("point", POINTS)
def test_a_receiver_that_falls_silent_is_given_up_in_time(point: str) -> None:
    with rude_server(_answer(POINTS[point], then_hang=True)) as port:
        error = refusal(port, timeout=0.1)
    assert not error.permanent
    assert "timed out" in str(error)


@pytest.mark.parametrize(
    "nonsense",
    [
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 200 OK\r\n" + "X: y\r\n" * 300,
        "HTTP/1.1 200 " + "x" * 70_000,
    ],
    ids=["another protocol", "no status", "too many headers", "too long a line"],
)
def test_a_receiver_that_talks_nonsense_is_a_temporary_error(nonsense: str) -> None:
    with rude_server(_answer(nonsense)) as port:
        error = refusal(port)
    assert not error.permanent
    assert len(str(error)) < 300


def test_a_receiver_that_sends_headers_for_ever_is_given_up_in_time() -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    with rude_server(drip) as port:
        error = refusal(port, total=0.3)
    assert str(error) == "hook: 127.0.0.1: no end after 0:00:00.300000"


def test_an_endless_body_is_not_read() -> None:
    def flood(connection: socket.socket) -> None:
        _answer("HTTP/1.1 200 OK\r\n\r\n")(connection)
        while True:
            connection.sendall(b"x" * 65536)

    with rude_server(flood) as port:
        channel(port).send(render(change()), key="k")


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "ftp://example.org/"}, "must be http"),
        ({"url": "https://user:pass@example.org/"}, "without user:password@"),
        ({"url": "https://example.org/a b"}, "percent-encode"),
        ({"secret": "short"}, "under 16 bytes"),
        ({"secret": "whsec_!!"}, "there must be base64"),
        ({"headers": {"X": "a\r\nY: b"}}, "one printable line"),
    ],
)
def test_settings_that_cannot_work_are_refused_in_words(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        channel(80, **settings)


def test_a_receiver_inside_the_private_network_is_allowed() -> None:
    assert channel(80, url="http://10.0.0.5/hook").kind == "webhook"
