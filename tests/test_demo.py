"""The main scenario: history over real HTTP and SMTP on loopback, the steps the daemon runs, the alerts people get."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path
from typing import NamedTuple

import pytest

from monitor.cli.demo import play, seeds_folder
from monitor.cli.demo.world import World, read_world
from monitor.model import DeliveryState, Language
from monitor.standing import Level, judge
from monitor.store import Store
from monitor.web.reasons import told

FEW = 40


class Played(NamedTuple):
    world: World
    store: Store
    folder: Path
    mails: list[Path]
    now: datetime


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("demo")
    world = read_world(seeds_folder())
    store = Store.open(f"sqlite:///{folder / 'demo.db'}")
    clock, mails = asyncio.run(play(world, store, folder=folder))
    return Played(world, store, folder, mails, clock.now)


def test_the_world_is_as_large_and_as_varied_as_promised() -> None:
    world = read_world(seeds_folder())
    assert len(world.articles) >= 90
    assert len(world.feeds) >= 12
    assert {file.language for file in world.files} == {Language.AR, Language.EN, Language.RU}
    assert {article.published.year for article in world.articles} >= {2015, 2016, 2017, 2018, 2026}
    assert sum(article.copy_of is not None for article in world.articles) >= 4
    assert sum(article.edited is not None for article in world.articles) >= 3
    assert sum(not article.relevant for article in world.articles) >= 12


def test_every_article_arrives_once_and_edits_become_versions(played: Played) -> None:
    rows = played.store.articles(topic="us-russia-syria")
    assert len(rows) == len(played.world.articles)
    edited = sum(article.edited is not None for article in played.world.articles)
    assert sum(row.version > 1 for row in rows) == edited
    assert all(row.relevant is not None for row in rows)


def test_every_quote_is_an_exact_span_of_its_version(played: Played) -> None:
    rows = played.store.events()
    assert len(rows) > 100
    for row in rows:
        text = played.store.article(row.article_id, version=row.version).article.text
        assert text[row.event.start : row.event.end] == row.event.quote


def test_all_languages_bring_events(played: Played) -> None:
    assert {row.language for row in played.store.events()} == {"ar", "en", "ru"}


def test_changes_carry_both_quotes_of_two_different_stances(played: Played) -> None:
    rows = played.store.changes()
    assert len(rows) >= 10
    for row in rows:
        before, after = row.change.before, row.change.after
        assert before.event.stance is not after.event.stance
        assert before.event.quote
        assert after.event.quote
        assert before.event_id != after.event_id


def test_a_copied_wire_is_one_voice_and_shown_as_such(played: Played) -> None:
    copies = [row for row in played.store.changes() if row.change.copies]
    assert copies
    for row in copies:
        assert len(set(row.change.publishers)) == len(row.change.publishers)


def test_a_quote_that_vanished_marks_its_event(played: Played) -> None:
    assert any(row.source_changed_at for row in played.store.events())


def test_every_alert_was_sent_and_every_mail_can_be_read(played: Played) -> None:
    deliveries = played.store.deliveries(channel="desk")
    sent = [each for each in deliveries if each.state is DeliveryState.SENT]
    assert len(sent) == len(played.mails)
    assert not played.store.deliveries(state=DeliveryState.DEAD)
    assert not played.store.deliveries(state=DeliveryState.WAITING)
    seen = set()
    for path in played.mails:
        mail = message_from_bytes(path.read_bytes(), policy=modern)
        plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
        assert plain is not None
        assert html is not None
        assert "\n" not in str(mail["subject"])
        seen.add(mail["message-id"])
    assert len(seen) == len(played.mails)


def test_the_log_channel_has_a_json_line_an_alert(played: Played) -> None:
    lines = (played.folder / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    keys = [json.loads(line)["key"] for line in lines]
    assert len(keys) == len(set(keys)) == len(played.mails)


def test_nothing_is_left_over_at_the_end(played: Played) -> None:
    status = played.store.status(played.now)
    assert status.articles_due == status.articles_set_aside == 0
    assert judge(status, played.store.feeds(), now=played.now).level in {Level.OK, Level.WARNING}


def test_the_same_history_gives_the_same_rows(tmp_path: Path) -> None:
    whole = read_world(seeds_folder())
    first = {article.id for article in whole.articles[:FEW]}
    files = tuple(
        file.model_copy(update={"articles": tuple(each for each in file.articles if each.id in first)})
        for file in whole.files
    )
    world = World(files=files)

    def rows(name: str) -> list[str]:
        folder = tmp_path / name
        folder.mkdir()
        with Store.open(f"sqlite:///{folder / 'demo.db'}") as store:
            asyncio.run(play(world, store, folder=folder))
            events = [f"{row.id} {row.article_id} {row.event.model_dump_json()}" for row in store.events()]
            changes = [f"{row.id} {row.change.holder} {row.change.level} {row.change.cause}" for row in store.changes()]
            return events + changes

    assert rows("one") == rows("two")


@pytest.mark.parametrize("language", [Language.AR, Language.RU])
def test_every_reason_of_the_demo_is_told_in_the_readers_language(played: Played, language: Language) -> None:
    events, articles, feeds = played.store.events(), played.store.articles(), played.store.feeds()
    reasons = {row.event.reason for row in events} | {row.verdict_reason for row in events if row.verdict_reason}
    reasons |= {row.reason for row in articles if row.reason} | {row.change.reason for row in played.store.changes()}
    reasons |= {row.state.health_reason for row in feeds} | {row.state.poll_reason for row in feeds}
    reasons |= set(judge(played.store.status(played.now), feeds, now=played.now).reasons)
    assert sorted(reason for reason in reasons if reason and told(reason, language) is None) == []
