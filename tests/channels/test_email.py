"""Mail over real SMTP: what arrives, what is refused, and servers that fail at every point of the dialogue."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.alerts import render
from monitor.channels.email import EmailChannel
from monitor.model import DeliveryError, Language
from tests.alerts.samples import BEFORE, NOW, change
from tests.channels.conftest import Certificate
from tests.channels.receivers import Mailbox, rude_server, smtp_server, until_closed


def channel(port: int, **more: Any) -> EmailChannel:
    settings = {"id": "desk", "kind": "email", "host": "127.0.0.1", "port": port, "security": "plain"}
    people = {"sender": "Stance Monitor <monitor@example.org>", "to": ["desk@example.org"]}
    return EmailChannel.model_validate({**settings, **people, "timeout": 5, "total": 10, **more})


def sent(language: str = "en", *, key: str = "k.reported", answers: Sequence[str] = (), **hostile: Any) -> EmailMessage:
    mailbox = Mailbox()
    alert = render(change("ar", before="ru", **hostile), language=Language(language))
    with smtp_server(mailbox) as port:
        channel(port, language=language).send(alert, key=key, answers=answers)
    return mailbox.mails[0]


def refusal(port: int, **more: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        channel(port, **more).send(render(change()), key="k")
    return raised.value


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("en", "United States / Pentagon: oppose → conditional (reported)"),
        ("ar", "الولايات المتحدة / البنتاغون: من معارضة إلى قبول مشروط (خبر لم يتأكد)"),
        ("ru", "США / Пентагон: против → при условии (сообщается)"),
    ],
    ids=["en", "ar", "ru"],
)
def test_the_mail_speaks_the_readers_language_and_quotes_in_the_original(language: str, subject: str) -> None:
    mail = sent(language)
    plain, html = (part.get_content() for part in mail.iter_parts())
    assert mail["Subject"] == subject
    assert mail["Content-Language"] == language
    for text in (plain, html):
        assert BEFORE["ru"] in text
        assert NOW["ar"] in text
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in html
    assert f'<blockquote lang="ar" dir="rtl" style="margin:8px 0;font-size:16px">«{NOW["ar"]}»' in html


def test_the_mail_is_ascii_on_the_wire_whatever_its_language() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        channel(port, language="ar").send(render(change(), language=Language.AR), key="k")
    assert mailbox.raw[0].isascii()
    assert max(len(line) for line in mailbox.raw[0].splitlines()) < 200
    assert b"Subject: =?utf-8?" in mailbox.raw[0]


def test_each_try_has_the_same_message_id_and_an_update_answers_the_first_mail() -> None:
    first, again = sent(key="t.7.reported.desk"), sent(key="t.7.reported.desk", answers=["t.7.reported.desk"])
    updates = [sent(key=f"t.7.{stage}.desk", answers=["t.7.reported.desk"]) for stage in ("confirmed", "contradicted")]
    assert first["Message-ID"] == again["Message-ID"]
    assert first["In-Reply-To"] is None
    assert again["In-Reply-To"] is None, "no mail answers itself"
    assert first["Message-ID"].endswith("@example.org>")
    assert first["Date"] is not None
    for update in updates:
        assert update["Message-ID"] != first["Message-ID"]
        assert update["In-Reply-To"] == update["References"] == first["Message-ID"]


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x85"])
def test_no_word_from_a_feed_can_forge_a_header(line_end: str) -> None:
    forged = f"Carter{line_end}Bcc: all@example.org{line_end}{line_end}body"
    mail = sent(title=forged, publisher=forged, speaker=forged, office=forged, reason=forged)
    assert mail["Bcc"] is None
    assert all(name in _EXPECTED_HEADERS for name in mail.keys())  # noqa: SIM118 -- a message iterates over its headers
    assert mail["To"] == "desk@example.org"


_EXPECTED_HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "X-Monitor-Key"),
    *("MIME-Version", "Content-Type"),
}  # fmt: skip


def test_a_password_is_sent_only_after_starttls_to_a_trusted_server(certificate: Certificate) -> None:
    mailbox, login = Mailbox(), {"username": "monitor", "password": "open sesame"}
    with smtp_server(mailbox, tls=certificate.server, login=("monitor", "open sesame")) as port:
        channel(port, security="starttls", ca_file=certificate.ca_file, **login).send(render(change()), key="k")
        untrusted = refusal(port, security="starttls", **login)
        wrong = refusal(port, security="starttls", ca_file=certificate.ca_file, **login | {"password": "wrong"})
    assert len(mailbox.mails) == 1
    assert "CERTIFICATE_VERIFY_FAILED" in str(untrusted)
    assert "login refused: 535" in str(wrong)
    assert (untrusted.permanent, wrong.permanent) == (False, False), "the operator mends these; the mail waits"
    assert "wrong" not in str(wrong)


def test_tls_from_the_first_byte(certificate: Certificate) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox, tls=certificate.server, implicit=True) as port:
        channel(port, security="tls", ca_file=certificate.ca_file).send(render(change()), key="k")
    assert len(mailbox.mails) == 1


def test_a_server_without_starttls_gets_nothing() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        error = refusal(port, security="starttls")
    assert "STARTTLS" in str(error)
    assert not error.permanent
    assert mailbox.mails == []


@pytest.mark.parametrize(
    ("refuse", "permanent", "words"),
    [
        ({"desk@example.org": "550 no such user"}, True, "desk@example.org 550 no such user"),
        ({"desk@example.org": "450 greylisted, try later"}, False, "450 greylisted"),
        ({"DATA": "554 looks like spam"}, True, "554 looks like spam"),
        ({"DATA": "452 disk full"}, False, "452 disk full"),
    ],
)
def test_a_refusal_is_permanent_if_the_server_says_so(refuse: dict[str, str], permanent: bool, words: str) -> None:
    with smtp_server(Mailbox(refuse=refuse)) as port:
        error = refusal(port)
    assert words in str(error)
    assert error.permanent is permanent


def test_one_refused_recipient_of_two_is_told_and_the_other_has_the_mail() -> None:
    mailbox = Mailbox(refuse={"gone@example.org": "550 no such user"})
    with smtp_server(mailbox) as port:
        error = refusal(port, to=["desk@example.org", "gone@example.org"])
    assert str(error) == "desk: sent, but refused for gone@example.org (550)"
    assert error.permanent
    assert len(mailbox.mails) == 1


# --- servers that fail at every point of the dialogue -----------------------------------------------------

GOOD = [
    b"220 mail.example ready\r\n",
    b"250 mail.example\r\n",
    b"250 ok\r\n",
    b"250 ok\r\n",
    b"354 go on\r\n",
    b"250 kept\r\n",
]
POINTS = ["greeting", "ehlo", "mail", "rcpt", "data", "end"]


def answers(connection: socket.socket, count: int) -> None:
    """Plays a good server for `count` answers, and returns with the next one due."""
    stream = connection.makefile("rb")
    for number, answer in enumerate(GOOD[:count]):
        if number:
            _heard(stream, body=number == len(GOOD) - 1)
        connection.sendall(answer)
    if count:
        _heard(stream, body=count == len(GOOD) - 1)


def _heard(stream: Any, *, body: bool) -> None:
    for line in stream:
        if not body or line == b".\r\n":
            return


@pytest.mark.parametrize("point", range(len(POINTS)), ids=POINTS)
def test_a_server_that_drops_the_line_is_a_temporary_error(point: int) -> None:
    with rude_server(lambda connection: answers(connection, point)) as port:
        error = refusal(port)
    assert not error.permanent
    assert str(error).startswith(f"desk: 127.0.0.1:{port}: ")


@pytest.mark.parametrize("point", range(len(POINTS)), ids=POINTS)
def test_a_server_that_falls_silent_is_given_up_in_time(point: int) -> None:
    def silent(connection: socket.socket) -> None:
        answers(connection, point)
        until_closed(connection)

    with rude_server(silent) as port:
        error = refusal(port, timeout=0.1)
    assert not error.permanent
    assert "timed out" in str(error)


@pytest.mark.parametrize("point", range(len(POINTS)), ids=POINTS)
def test_a_server_that_talks_nonsense_is_a_temporary_error(point: int) -> None:
    def nonsense(connection: socket.socket) -> None:
        answers(connection, point)
        connection.sendall(b"HTTP/1.1 418 teapot\xff\x00\r\n")
        until_closed(connection)

    with rude_server(nonsense) as port:
        error = refusal(port, timeout=0.3)
    assert not error.permanent
    assert str(error).isprintable()


def test_a_server_that_drips_for_ever_is_given_up_in_time() -> None:
    def drip(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"220-still here\r\n")

    with rude_server(drip) as port:
        error = refusal(port, total=0.3)
    assert str(error) == f"desk: 127.0.0.1:{port}: no end after 0:00:00.300000"
    assert not error.permanent


def test_a_server_that_drops_the_line_after_taking_the_mail_has_it() -> None:
    with rude_server(lambda connection: answers(connection, len(GOOD))) as port:
        channel(port).send(render(change()), key="k")


def test_nobody_listening_is_a_temporary_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = refusal(port)
    assert "Connection refused" in str(error)
    assert not error.permanent


# --- settings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"username": "m", "password": "p"}, "security: plain would send the password readable to all"),
        ({"username": "m"}, "username and password go together"),
        ({"sender": "nobody"}, "is no mail address"),
        ({"to": ["a@b\r\nBcc: c@d"]}, "is no mail address"),
        ({"to": []}, "at least 1 item"),
    ],
)
def test_settings_that_cannot_work_are_refused_in_words(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        channel(25, **settings)


def test_the_port_follows_the_security() -> None:
    assert channel(25, security="starttls").port == 25
    assert (
        EmailChannel(id="d", kind="email", host="h", sender="a@b.example", to=("c@d.example",)).security == "starttls"
    )
