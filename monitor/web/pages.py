"""The pages: server-made HTML that reads without JavaScript, in three languages, both directions on one page."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from monitor.alerts import holder_name
from monitor.charts import extent, lanes, strip, svg
from monitor.model import Language, Stance, StoreError
from monitor.standing import Standing, span
from monitor.store import OTHER_TIER
from monitor.text.display import one_line, printable
from monitor.web.api import now_of, small, standing_of, store_of, tracks_of
from monitor.web.coverage import by_day, by_language, by_publisher
from monitor.web.evidence import around, compared, parts_of
from monitor.web.reasons import told
from monitor.web.words import NAMES, direction, preferred, words

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_MOST = 200
_FOUND = 50
_DRAWN_OF_ALL, _DRAWN_OF_ONE = 300, 1_000  # changes on a chart: more nobody can tell apart
_LISTED = 50  # of them, below the chart
_COVERED_DAYS = 30
_NEWEST = 10  # changes on the first page
_LATELY = timedelta(days=7)
_STANDING_LASTS = 5.0  # seconds


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
    made.filters["multiline"] = made.filters["inline"] = printable
    made.filters["web"] = _web_address
    made.filters["span"] = span
    made.filters["day"] = lambda moment: f"{moment:%Y-%m-%d}"
    made.filters["minute"] = lambda moment: f"{moment:%Y-%m-%d %H:%M} UTC"
    return made


_TEMPLATES = _environment()


def _language(request: Request) -> Language:
    asked = request.query_params.get("lang") or request.cookies.get("lang")
    return preferred(asked, request.headers.get("accept-language"))


def _standing(request: Request) -> Standing:
    """At the foot of every page. Counting everything for each page would be most of its time."""
    state, now = request.app.state, time.monotonic()
    told: tuple[float, Standing] | None = getattr(state, "standing", None)
    if told is None or now - told[0] > _STANDING_LASTS:
        told = state.standing = (now, standing_of(request)[1])
    return told[1]


def _reason(reason: str, language: Language) -> Markup:
    """In the reader's language where it is known how to say it, else in English and marked so."""
    if (said := told(reason, language)) is not None:
        return Markup("<span>{}</span>").format(said)
    return Markup('<span lang="en" dir="ltr">{}</span>').format(one_line(reason))


def _languages(request: Request) -> list[tuple[str, str, str]]:
    """(code, name, link to this very page in that language)"""
    rest = [(name, value) for name, value in request.query_params.multi_items() if name not in {"lang", "token"}]
    return [(code.value, name, "?" + urlencode([*rest, ("lang", code.value)])) for code, name in NAMES.items()]


def _page(request: Request, template: str, **values: Any) -> HTMLResponse:
    asked, language = request.query_params.get("lang"), _language(request)
    body = _TEMPLATES.get_template(template).render(
        w=words(language),
        lang=language.value,
        dir=direction(language),
        direction=direction,
        languages=_languages(request),
        here=request.url.path,
        standing=_standing(request),
        why=partial(_reason, language=language),
        named=partial(holder_name, language=language),
        **values,
    )
    response = HTMLResponse(body)
    if asked:
        response.set_cookie("lang", language.value, samesite="strict", max_age=31_536_000)
    return response


def missing(request: Request, told: str) -> HTMLResponse:
    """The page for what is not there."""
    page = _page(request, "missing.html", told=told)
    page.status_code = 404
    return page


@router.get("/")
def home(request: Request) -> HTMLResponse:
    """Where every holder stands now, and the newest changes."""
    store = store_of(request)
    now = now_of(request)
    tracks = [track for track in tracks_of(request) if track.stance]
    rows = store.changes(limit=_DRAWN_OF_ALL)
    drawn = lanes(tracks, [(row.id, row.change) for row in rows])
    start, end = extent(drawn, now=now)
    strips = {lane.holder: Markup(strip(lane, start=start, end=end)) for lane in drawn}  # noqa: S704 -- numbers and colours only
    lately = [row for row in rows if now - (row.change.confirmed_at or row.change.at) <= _LATELY]
    return _page(
        request, "home.html", tracks=tracks, changes=rows[::-1][:_NEWEST], strips=strips, start=start, end=end, lately=lately
    )  # fmt: skip


@router.get("/changes")
def changes(request: Request) -> HTMLResponse:
    return _page(request, "changes.html", changes=store_of(request).changes(limit=_MOST)[::-1])


@router.get("/changes/{change_id}")
def change(request: Request, change_id: int) -> HTMLResponse:
    return _page(request, "change.html", row=store_of(request).change(small(change_id)))


@router.get("/timeline")
def timeline(request: Request, actor: str = "") -> HTMLResponse:
    """Step charts of all holders, or of one actor's."""
    store = store_of(request)
    every = tracks_of(request)
    rows = store.changes(actor=actor or None, limit=_DRAWN_OF_ONE if actor else _DRAWN_OF_ALL)
    shown = [track for track in every if not actor or track.actor == actor]
    # Those who turned most stand first: a straight line has little to say.
    drawn = sorted(lanes(shown, [(row.id, row.change) for row in rows]), key=lambda lane: -len(lane.turns))
    language = _language(request)
    said = words(language)
    names = {lane.holder: holder_name(lane.holder, language) for lane in drawn}
    picture = svg(drawn, now=now_of(request), words=said, names=names, title=said["timeline"]) if drawn else ""
    return _page(
        request,
        "timeline.html",
        chart=Markup(picture),  # noqa: S704 -- svg() escapes every word it draws
        actors=sorted({track.actor for track in every}),
        actor=actor,
        changes=rows[::-1][:_LISTED],
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


@router.get("/articles/{article_id}")
def article(request: Request, article_id: int) -> HTMLResponse:
    """An article with its evidence underlined in place."""
    store = store_of(request)
    stored = store.article(small(article_id))
    told = store.events(article_id=article_id)
    current = tuple(row for row in told if row.version == stored.version and row.verdict != OTHER_TIER)
    events = tuple(sorted(current, key=lambda row: row.event.start))
    return _page(
        request,
        "article.html",
        row=store.articles(article_id=article_id)[0],
        findings=store.findings(article_id),
        events=events,
        parts=parts_of(stored.article.text, events),
    )


@router.get("/articles/{article_id}/versions")
def versions(request: Request, article_id: int, before: int = 0, after: int = 0) -> HTMLResponse:
    """Two versions of an article compared: the last two, unless others are asked for."""
    store = store_of(request)
    newest = store.article(small(article_id)).version
    second = min(max(after or newest, 1), newest)
    first = min(max(before or second - 1, 1), newest)
    old, new = store.article(article_id, version=first), store.article(article_id, version=second)
    return _page(
        request,
        "versions.html",
        row=new,
        old=old,
        newest=newest,
        title=compared(old.article.title or "", new.article.title or ""),
        pieces=compared(old.article.text, new.article.text),
    )


@router.get("/events")
def events(request: Request, actor: str = "", stance: str = "") -> HTMLResponse:
    """The newest coded events, of everybody or of one actor."""
    store = store_of(request)
    wanted = stance if stance in set(Stance) else ""
    rows = store.events(actor=actor or None, stance=wanted or None, limit=_MOST)[::-1]
    actors = sorted({track.actor for track in store.tracks()})
    return _page(
        request, "events.html", events=rows, actors=actors, actor=actor, stances=[each.value for each in Stance],
        stance=wanted,
    )  # fmt: skip


@router.get("/events/{event_id}")
def event(request: Request, event_id: int) -> HTMLResponse:
    """Why an event is what it is: quote in its place, rule, features, what it did to its track."""
    store = store_of(request)
    rows = store.events(event_id=small(event_id))
    if not rows:
        raise StoreError(f"there is no event {event_id}")
    row = rows[0]
    text = store.article(row.article_id, version=row.version).article.text
    changes = [
        each
        for each in store.changes(topic=row.topic, actor=row.event.actor)
        if row.id in {each.change.before.event_id, each.change.after.event_id}
    ]
    tracks = tracks_of(request, topic=row.topic, actor=row.event.actor)
    return _page(
        request,
        "event.html",
        row=row,
        around=around(text, start=row.event.start, end=row.event.end),
        changes=changes,
        track=next((track for track in tracks if track.holder == row.event.holder), None),
        features=sorted(row.event.contributions, key=lambda each: -abs(each.weight))[:12],
    )


@router.get("/search")
def search(request: Request, q: str = "", language: str = "") -> HTMLResponse:
    """Articles and events by their words."""
    wanted = language if language in set(Language) else ""
    found = store_of(request).search(q, language=wanted or None, limit=_FOUND)
    return _page(request, "search.html", asked=q, found=found, language=wanted, names=NAMES)


@router.get("/feeds")
def feeds(request: Request) -> HTMLResponse:
    return _page(request, "feeds.html", feeds=store_of(request).feeds(active_only=True))


@router.get("/coverage")
def coverage(request: Request) -> HTMLResponse:
    """What came and what was dropped why, of the last thirty days, by language, publisher and day."""
    store = store_of(request)
    of_feeds, of_days = store.counter_sums(since=now_of(request) - timedelta(days=_COVERED_DAYS))
    feeds = {row.feed.id: row.feed for row in store.feeds()}
    tables = [
        ("by_language", by_language(of_feeds, feeds)),
        ("by_publisher", by_publisher(of_feeds, feeds)[:_MOST]),
        ("by_day", by_day(of_days)),
    ]
    return _page(request, "coverage.html", tables=tables if of_feeds else [])
