"""Every label in seeds and cases can be checked by machine: quotes stand in their texts, once; names are known."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.model import EventKind, FeedKind, Language, Stance

ROOT = Path(__file__).parents[1]
ARTICLES = sorted([*(ROOT / "seeds").glob("*.yaml"), *(ROOT / "seeds" / "training").glob("*.yaml")])
CASES = sorted((ROOT / "tests" / "cases").glob("*.yaml"))
ACTOR = re.compile(r"SYR-OPP|SDF|EU|UNO|NATO|[A-Z]{3}")
INSTITUTION = re.compile(r"[a-z][a-z_]*")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _load(path: Path) -> dict[str, Any]:
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    assert isinstance(data, dict)
    return data


def _twice(ids: list[str]) -> list[str]:
    return [each for each, count in Counter(ids).items() if count > 1]


def _stance_faults(where: str, text: str, stance: dict[str, Any]) -> list[str]:
    spans = [stance["quote"], *(stance.get("conditions") or [])]
    faults = [f"{where}: {span!r} stands {text.count(span)} times" for span in spans if text.count(span) != 1]
    if not ACTOR.fullmatch(stance["actor"]):
        faults.append(f"{where}: actor {stance['actor']}")
    if stance.get("institution") and not INSTITUTION.fullmatch(stance["institution"]):
        faults.append(f"{where}: institution {stance['institution']}")
    if stance["stance"] not in set(Stance):
        faults.append(f"{where}: stance {stance['stance']}")
    if stance.get("kind", "statement") not in set(EventKind):
        faults.append(f"{where}: kind {stance['kind']}")
    return faults


def _label_faults(entry: dict[str, Any], stances: list[dict[str, Any]]) -> list[str]:
    holders = [f"{s['actor']}/{s.get('institution')}" for s in stances]
    faults = [f"{entry['id']}: {holder} labelled twice" for holder in _twice(holders)]
    if stances and not entry["relevant"]:
        faults.append(f"{entry['id']}: irrelevant, yet it has stances")
    for stance in stances:
        faults += _stance_faults(entry["id"], entry["text"], stance)
    return faults


@pytest.mark.parametrize("path", ARTICLES, ids=_name)
def test_every_article_label_stands_in_its_text_once(path: Path) -> None:
    articles = _load(path)["articles"]
    faults = [fault for entry in articles for fault in _label_faults(entry, entry["stances"])]
    assert faults == []


@pytest.mark.parametrize("path", ARTICLES, ids=_name)
def test_every_article_has_its_own_id_a_date_and_a_known_feed(path: Path) -> None:
    data = _load(path)
    ids = [entry["id"] for entry in data["articles"]]
    feeds = {feed["id"] for feed in data.get("feeds") or []} | {"training"}
    assert _twice(ids) == []
    assert Language(data["language"])
    assert [e["id"] for e in data["articles"] if e["feed"] not in feeds] == []
    assert [e["id"] for e in data["articles"] if not isinstance(e["published"], datetime)] == []
    assert [e["id"] for e in data["articles"] if e.get("copy_of") and e["copy_of"] not in ids] == []
    assert {feed["kind"] for feed in data.get("feeds") or []} <= set(FeedKind)


@pytest.mark.parametrize("path", CASES, ids=_name)
def test_every_case_label_stands_in_its_text_once(path: Path) -> None:
    cases = _load(path)["cases"]
    assert [fault for case in cases for fault in _label_faults(case, case["expect"])] == []


@pytest.mark.parametrize("path", CASES, ids=_name)
def test_every_case_has_its_own_id_a_day_and_one_use_a_pair(path: Path) -> None:
    cases = _load(path)["cases"]
    assert _twice([case["id"] for case in cases]) == []
    assert [c["id"] for c in cases if not isinstance(c["date"], date)] == []
    assert {c["use"] for c in cases} <= {"train", "measure"}
    pairs = {(c["pair"], c["use"]) for c in cases if c.get("pair")}
    assert _twice([pair for pair, _ in pairs]) == []
