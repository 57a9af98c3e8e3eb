"""What every channel promises, run against all of them with a real receiver on the other side."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from monitor.alerts import render
from monitor.channels import AnyChannel
from monitor.model import Alert, DeliveryError, Language
from tests.alerts.samples import BEFORE, NOW, change
from tests.channels.receivers import Mailbox, Received, http_server, smtp_server

# Apprise itself imports imghdr on Python 3.11 and 3.12, which warns of its removal.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

SECRET = "a-secret-that-must-not-be-seen"
CHANNEL: TypeAdapter[AnyChannel] = TypeAdapter(AnyChannel)


class Wired(NamedTuple):
    """A channel with its receiver: its settings, what came through as (key as the receiver sees it, all the text)."""

    settings: dict[str, Any]
    received: Callable[[], list[tuple[str, str]]]


@contextmanager
def wired_log(folder: Path) -> Iterator[Wired]:
    path = folder / "alerts.jsonl"

    def received() -> list[tuple[str, str]]:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [(json.loads(line)["key"], line) for line in lines]

    yield Wired({"kind": "log", "path": str(path)}, received)


@contextmanager
def wired_email(folder: Path) -> Iterator[Wired]:
    mailbox = Mailbox()

    def received() -> list[tuple[str, str]]:
        return [
            (str(mail["Message-ID"]), "\n".join(part.get_content() for part in mail.iter_parts()))
            for mail in mailbox.mails
        ]

    with smtp_server(mailbox) as port:
        address = {"host": "127.0.0.1", "port": port, "security": "plain"}
        yield Wired({"kind": "email", **address, "sender": "monitor@example.org", "to": ["desk@example.org"]}, received)


@contextmanager
def wired_webhook(folder: Path) -> Iterator[Wired]:
    posts: list[Received] = []
    with http_server(posts) as port:
        url = f"http://127.0.0.1:{port}/hook/{SECRET}"
        yield Wired(
            {"kind": "webhook", "url": url, "secret": SECRET},
            lambda: [(post.headers["idempotency-key"], post.body.decode()) for post in posts],
        )


@contextmanager
def wired_apprise(folder: Path) -> Iterator[Wired]:
    posts: list[Received] = []
    with http_server(posts) as port:
        # Chat services have no key: the text is all that a reader could know a repeat by.
        yield Wired(
            {"kind": "apprise", "url": f"json://127.0.0.1:{port}/{SECRET}"},
            lambda: [(json.loads(post.body)["message"], json.loads(post.body)["message"]) for post in posts],
        )


WIRES = {"log": wired_log, "email": wired_email, "webhook": wired_webhook, "apprise": wired_apprise}
every_channel = pytest.mark.parametrize("kind", WIRES)


def channel(settings: dict[str, Any], **more: Any) -> AnyChannel:
    return CHANNEL.validate_python({"id": "desk", **settings, **more})


def alert(language: str = "en", **hostile: Any) -> Alert:
    return render(change("ar", before="ru", **hostile), language=Language(language))


def test_every_kind_of_channel_is_under_this_contract() -> None:
    kinds = {
        kind
        for member in get_args(get_args(AnyChannel)[0])
        for kind in get_args(member.model_fields["kind"].annotation)
    }
    assert kinds == set(WIRES)


@every_channel
@pytest.mark.parametrize("language", ["en", "ar", "ru"])
def test_both_quotes_arrive_in_their_own_languages(kind: str, language: str, tmp_path: Path) -> None:
    with WIRES[kind](tmp_path) as wired:
        channel(wired.settings).send(alert(language), key="change-7.reported")
        [(_, text)] = wired.received()
    assert BEFORE["ru"] in text
    assert NOW["ar"] in text


@every_channel
def test_a_repeat_can_be_told_by_its_key(kind: str, tmp_path: Path) -> None:
    with WIRES[kind](tmp_path) as wired:
        sender = channel(wired.settings)
        sender.send(alert(), key="change-7.reported")
        sender.send(alert(), key="change-7.reported")
        first, second = wired.received()
    assert first[0] == second[0]


@every_channel
def test_hostile_words_arrive_as_words(kind: str, tmp_path: Path) -> None:
    hostile = alert(title="Bcc: all@example.org\r\nX: y\r\n\r\n\x1b[2J\u202egnp.exe", publisher="Bad\r\nNews\x00")
    with WIRES[kind](tmp_path) as wired:
        channel(wired.settings).send(hostile, key="change-7")
        [(_, text)] = wired.received()
    assert not {"\x1b", "\u202e", "\x00"} & set(text)
    assert "all@example.org" in text


@every_channel
def test_secrets_show_nowhere(kind: str, tmp_path: Path) -> None:
    with WIRES[kind](tmp_path) as wired:
        sender = channel(wired.settings)
    assert SECRET not in repr(sender) + str(sender) + sender.model_dump_json()
    if kind == "log":
        return
    with pytest.raises(DeliveryError) as refused:  # its receiver is gone by now
        sender.send(alert(), key="change-7.reported")
    assert SECRET not in str(refused.value)
    assert str(refused.value).startswith("desk: ")
    assert not refused.value.permanent


@every_channel
def test_the_model_refuses_unknown_settings(kind: str, tmp_path: Path) -> None:
    with WIRES[kind](tmp_path) as wired, pytest.raises(ValidationError, match="Extra inputs"):
        channel(wired.settings, colour="red")


@every_channel
def test_what_a_channel_wants_is_data_beside_its_address(kind: str, tmp_path: Path) -> None:
    wants = {"min_level": "confirmed", "actors": ["USA/pentagon"], "language": "ru", "topics": ["us-russia-syria"]}
    with WIRES[kind](tmp_path) as wired:
        made = channel(wired.settings, **wants)
    assert isinstance(made, BaseModel)
    assert (made.min_level, made.actors, made.language) == ("confirmed", ("USA/pentagon",), "ru")


def test_a_log_that_cannot_be_written_is_a_temporary_error(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="No such file") as refused:
        channel({"kind": "log", "path": str(tmp_path / "missing" / "a.jsonl")}).send(alert(), key="k")
    assert not refused.value.permanent


def test_a_log_without_a_path_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    channel({"kind": "log"}).send(alert(), key="k")
    line = json.loads(capsys.readouterr().err)
    assert (line["actor"], line["before"]["stance"], line["after"]["stance"]) == ("USA", "oppose", "conditional")


def test_an_address_apprise_does_not_know_is_refused_for_good() -> None:
    with pytest.raises(DeliveryError, match="no address") as refused:
        channel({"kind": "apprise", "url": f"nonsense://{SECRET}"}).send(alert(), key="k")
    assert refused.value.permanent
    assert SECRET not in str(refused.value)
