"""The pages: server-made HTML that reads without JavaScript, in three languages, both directions on one page."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from monitor.charts import lanes, svg
from monitor.model import EventRow, Stance
from monitor.text.display import one_line, printable
from monitor.web.api import now_of, standing_of, store_of
from monitor.web.words import NAMES, direction, preferred, words

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_MOST = 200


def _web_address(url: str | None) -> str:
    """A link from outside, if it is one a browser may follow from here; otherwise nothing."""
    return url if url and urlsplit(url).scheme in {"http", "https"} else ""


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["shown"] = one_line
    made.filters["multiline"] = printable
    made.filters["web"] = _web_address
    made.filters["day"] = lambda moment: f"{moment:%Y-%m-%d}"
    made.filters["minute"] = lambda moment: f"{moment:%Y-%m-%d %H:%M} UTC"
    return made


_TEMPLATES = _environment()


def _page(request: Request, template: str, **values: Any) -> HTMLResponse:
    asked = request.query_params.get("lang")
    language = preferred(asked or request.cookies.get("lang"), request.headers.get("accept-language"))
    _, standing = standing_of(request)
    body = _TEMPLATES.get_template(template).render(
        w=words(language),
        lang=language.value,
        dir=direction(language),
        languages=[(code.value, name) for code, name in NAMES.items()],
        here=request.url.path,
        standing=standing.line.split(" | ")[0],
        **values,
    )
    response = HTMLResponse(body)
    if asked:
        response.set_cookie("lang", language.value, samesite="strict", max_age=31_536_000)
    return response


@router.get("/")
def home(request: Request) -> HTMLResponse:
    """Where every holder stands now, and the newest changes."""
    store = store_of(request)
    tracks = [track for track in store.tracks() if track.stance]
    return _page(request, "home.html", tracks=tracks, changes=store.changes(limit=10)[::-1])


@router.get("/changes")
def changes(request: Request) -> HTMLResponse:
    return _page(request, "changes.html", changes=store_of(request).changes(limit=_MOST)[::-1])


@router.get("/changes/{change_id}")
def change(request: Request, change_id: int) -> HTMLResponse:
    return _page(request, "change.html", row=store_of(request).change(change_id))


@router.get("/timeline")
def timeline(request: Request, actor: str = "") -> HTMLResponse:
    """Step charts of all holders, or of one actor's."""
    store = store_of(request)
    every = store.tracks()
    rows = store.changes(actor=actor or None)
    drawn = lanes(
        [track for track in every if not actor or track.actor == actor], [(row.id, row.change) for row in rows]
    )
    language = preferred(
        request.query_params.get("lang") or request.cookies.get("lang"), request.headers.get("accept-language")
    )
    names = {stance: words(language)[stance.value] for stance in Stance}
    chart = Markup(svg(drawn, now=now_of(request), names=names, title=words(language)["timeline"])) if drawn else ""  # noqa: S704 -- svg() escapes every word it draws
    return _page(
        request,
        "timeline.html",
        chart=chart,
        actors=sorted({track.actor for track in every}),
        actor=actor,
        changes=rows[::-1][:_MOST],
    )


@router.get("/articles")
def articles(request: Request, relevant: str = "") -> HTMLResponse:
    wanted = {"yes": True, "no": False}.get(relevant)
    return _page(
        request,
        "articles.html",
        articles=store_of(request).articles(relevant=wanted, limit=_MOST)[::-1],
        relevant=relevant,
    )


class Part(NamedTuple):
    """A stretch of an article's text, with the evidence it belongs to."""

    text: str
    event: EventRow | None
    number: int
    first: bool
    last: bool
    condition: bool


def parts_of(text: str, events: tuple[EventRow, ...]) -> tuple[Part, ...]:
    """The text cut where evidence and conditions begin and end; overlapping evidence belongs to the first of them."""
    spans = [(row.event.start, row.event.end) for row in events]
    conditions = [(part.start, part.end) for row in events for part in row.event.conditions]
    cuts = sorted({0, len(text), *(edge for span in (*spans, *conditions) for edge in span if edge <= len(text))})
    parts: list[Part] = []
    for start, end in itertools.pairwise(cuts):
        owner = next(((n, row) for n, row in enumerate(events, 1) if row.event.start <= start < row.event.end), None)
        row = owner[1] if owner else None
        parts.append(
            Part(
                text=text[start:end],
                event=row,
                number=owner[0] if owner else 0,
                first=row is not None and row.event.start == start,
                last=row is not None and row.event.end == end,
                condition=any(first <= start < last for first, last in conditions),
            )
        )
    return tuple(parts)


@router.get("/articles/{article_id}")
def article(request: Request, article_id: int) -> HTMLResponse:
    """An article with its evidence underlined in place."""
    store = store_of(request)
    stored = store.article(article_id)
    current = tuple(row for row in store.events(article_id=article_id) if row.version == stored.version)
    events = tuple(sorted(current, key=lambda row: row.event.start))
    return _page(
        request,
        "article.html",
        row=store.articles(article_id=article_id)[0],
        findings=store.findings(article_id),
        events=events,
        parts=parts_of(stored.article.text, events),
    )


@router.get("/feeds")
def feeds(request: Request) -> HTMLResponse:
    return _page(request, "feeds.html", feeds=store_of(request).feeds(active_only=True))


@router.get("/coverage")
def coverage(request: Request) -> HTMLResponse:
    """What came, what passed and what was dropped why, of the last thirty days."""
    since: datetime = now_of(request) - timedelta(days=30)
    return _page(request, "coverage.html", counters=store_of(request).counters(since=since)[::-1][:_MOST])
