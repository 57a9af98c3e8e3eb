"""Changes and events as Atom and JSON Feed, so that any feed reader can subscribe."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from xml.etree import ElementTree

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from monitor.model import ChangeRow, EventRow, Report
from monitor.text.display import isolate, one_line
from monitor.web.api import level_words, store_of

router = APIRouter(tags=["feeds"])
_ATOM = "http://www.w3.org/2005/Atom"
_MOST = 50


class Item(NamedTuple):
    id: str
    title: str
    text: str
    path: str
    at: datetime


class Atom(Response):
    media_type = "application/atom+xml"


class JsonFeed(JSONResponse):
    media_type = "application/feed+json"


@router.get("/changes.atom", response_class=Atom)
def changes_atom(request: Request) -> Response:
    """The newest changes as Atom."""
    return _atom(request, _changes(request), title="Stance changes", path="/changes.atom")


@router.get("/changes.feed.json", response_class=JsonFeed)
def changes_json(request: Request) -> Response:
    """The newest changes as JSON Feed."""
    return _json(request, _changes(request), title="Stance changes", path="/changes.feed.json")


@router.get("/events.atom", response_class=Atom)
def events_atom(request: Request) -> Response:
    """The newest events as Atom."""
    return _atom(request, _events(request), title="Stance events", path="/events.atom")


@router.get("/events.feed.json", response_class=JsonFeed)
def events_json(request: Request) -> Response:
    """The newest events as JSON Feed."""
    return _json(request, _events(request), title="Stance events", path="/events.feed.json")


def _changes(request: Request) -> list[Item]:
    return [_change(row) for row in reversed(store_of(request).changes(limit=_MOST))]


def _events(request: Request) -> list[Item]:
    return [_event(row) for row in reversed(store_of(request).events(limit=_MOST))]


def _change(row: ChangeRow) -> Item:
    change = row.change
    text = f"before: {_said(change.before)}\nafter: {_said(change.after)}\nwhy: {one_line(change.reason)}"
    # A change that is confirmed is news again: the level is part of what the entry is.
    return Item(
        f"change-{row.id}-{change.level.value}",
        level_words(change),
        text,
        f"/changes/{row.id}",
        change.confirmed_at or change.at,
    )


def _said(report: Report) -> str:
    return f"{report.event.stance.value}, {one_line(report.publisher)}, {report.at:%Y-%m-%d}: {isolate(one_line(report.event.quote))}"


def _event(row: EventRow) -> Item:
    title = f"{row.event.holder}: {row.event.stance.value}"
    text = f"{one_line(row.publisher)}: {isolate(one_line(row.event.quote))}"
    return Item(f"event-{row.id}", title, text, f"/articles/{row.article_id}#e{row.id}", row.at)


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _atom(request: Request, items: Sequence[Item], *, title: str, path: str) -> Response:
    base = _base(request)
    root = ElementTree.Element("feed", xmlns=_ATOM)
    _sub(root, "title", title)
    _sub(root, "id", base + path)
    ElementTree.SubElement(root, "link", rel="self", href=base + path)
    ElementTree.SubElement(root, "link", rel="alternate", type="text/html", href=base + path.partition(".")[0])
    _sub(root, "updated", max((item.at for item in items), default=datetime.fromtimestamp(0).astimezone()).isoformat())
    for item in items:
        entry = ElementTree.SubElement(root, "entry")
        _sub(entry, "title", item.title)
        _sub(entry, "id", f"{base}/{item.id}")
        _sub(entry, "updated", item.at.isoformat())
        ElementTree.SubElement(entry, "link", href=base + item.path)
        _sub(ElementTree.SubElement(entry, "author"), "name", "Stance Monitor")
        _sub(entry, "content", item.text).set("type", "text")
    return _fresh(request, Atom(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)))


def _fresh(request: Request, response: Response) -> Response:
    """With a mark of its content, so that readers who have it already are told so and nothing more."""
    mark = f'"{hashlib.blake2b(bytes(response.body), digest_size=12).hexdigest()}"'
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if mark in known:
        return Response(status_code=304, headers={"ETag": mark})
    response.headers["ETag"] = mark
    return response


def _sub(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    element.text = text
    return element


def _json(request: Request, items: Sequence[Item], *, title: str, path: str) -> Response:
    base = _base(request)
    told = JsonFeed(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": title,
            "feed_url": base + path,
            "home_page_url": base + path.partition(".")[0],
            "items": [
                {
                    "id": item.id,
                    "url": base + item.path,
                    "title": item.title,
                    "content_text": item.text,
                    "date_published": item.at.isoformat(),
                }
                for item in items
            ],
        }
    )
    return _fresh(request, told)
