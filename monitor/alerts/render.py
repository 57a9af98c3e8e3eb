"""The words for people about one change: both stances with their quotes, side by side. Pure.

Titles, quotes and links come from feeds and are hostile: they pass through `monitor.text.display`, are escaped, and a
link is a link only if it is plain http or https.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from monitor.alerts import pages
from monitor.alerts.decide import alert_key
from monitor.alerts.words import say
from monitor.model import Alert, AlertGroup, Language, Level, Outcome, Report, StanceChange, Track
from monitor.text.display import isolate, one_line, printable

_LONGEST_QUOTE = 1_200  # characters; evidence is a clause, a longer one is a mistake or an attack
_LONGEST_SUBJECT = 180


class Side(NamedTuple):
    """One of the two stances, every word harmless and in the order shown."""

    heading: str
    stance: str
    side: str
    quote: str
    quote_language: Language
    conditions: tuple[str, ...]
    speaker: str
    source: str
    title: str
    link: str | None
    basis: str


class Page(NamedTuple):
    """All an alert says, before it is text or HTML."""

    language: Language
    subject: str
    holder: str
    turn: str
    state: str
    why: str
    before: Side
    now: Side
    facts: tuple[tuple[str, str], ...]
    link: str | None
    notes: tuple[str, ...] = ()


class Pages(NamedTuple):
    """Several alerts in one message."""

    language: Language
    subject: str
    notes: tuple[str, ...]
    pages: tuple[Page, ...]


Letter = tuple[str, str, str]
"""Subject, text, HTML."""


class Setter(Protocol):
    """Puts pages into words. `monitor.alerts.templates` has one that uses the reader's own templates."""

    def alert(self, page: Page) -> Letter: ...

    def group(self, pages: Pages) -> Letter: ...


class BuiltIn:
    """The words and the layout that come with the program."""

    def alert(self, page: Page) -> Letter:
        return page.subject, pages.text(page), pages.html(page)

    def group(self, all_pages: Pages) -> Letter:
        return all_pages.subject, pages.group_text(all_pages), pages.group_html(all_pages)


BUILT_IN: Setter = BuiltIn()


def render(
    change: StanceChange,
    *,
    language: Language = Language.EN,
    explain: str | None = None,
    link: str | None = None,
    names: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    setter: Setter = BUILT_IN,
) -> Alert:
    """The alert about `change` in `language`; quotes stay in their own language.

    `explain` is one more line of explanation; `link` leads to more (the installation's own page); `names` overrides the
    words for actors and institutions; `notes`, made by `note_…`, stand above all else.
    """
    page = page_of(change, language, explain=explain, link=link, names=names or {}, notes=notes)
    subject, text, html = setter.alert(page)
    return Alert(key=alert_key(change), change=change, subject=subject, text=text, html=html, notes=page.notes)


def render_group(
    changes: Sequence[tuple[StanceChange, Sequence[str]]],
    *,
    language: Language = Language.EN,
    notes: Sequence[str] = (),
    setter: Setter = BUILT_IN,
) -> AlertGroup:
    """One message about several changes, each with notes of its own; `notes` are about all of them."""
    made = [page_of(change, language, notes=own) for change, own in changes]
    holders = _names(dict.fromkeys(page.holder for page in made), language)
    subject = say("changes", language).format(count=len(made), holders=holders)
    all_pages = Pages(language, one_line(subject)[:_LONGEST_SUBJECT], tuple(notes), tuple(made))
    alerts = []
    for page, (change, _) in zip(made, changes, strict=True):
        own, text, html = BUILT_IN.alert(page)  # as plain data for receivers that read each change for itself
        alerts.append(Alert(key=alert_key(change), change=change, subject=own, text=text, html=html, notes=page.notes))
    words, text, html = setter.group(all_pages)
    return AlertGroup(alerts=tuple(alerts), subject=words, text=text, html=html, notes=tuple(notes))


def note_instead(language: Language, *, channel: str, way: str, reason: str) -> str:
    """That the message came through another channel, and why."""
    words = {"channel": isolate(channel), "way": isolate(way), "reason": isolate(one_line(reason))}
    return say("instead", language).format(**words)


def note_together(language: Language, *, reason: str) -> str:
    return say("together", language).format(reason=isolate(one_line(reason)))


def note_again(language: Language, *, first: datetime) -> str:
    return say("again", language).format(day=isolate(f"{first:%Y-%m-%d}"))


def safe_link(url: str | None) -> str | None:
    """The address if following it is what it looks like: plain http or https, no user part, nothing unprintable."""
    if not url or url != printable(url, keep="") or any(char.isspace() or char in "<>\"'`\\" for char in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc else None


def page_of(
    change: StanceChange,
    language: Language,
    *,
    explain: str | None = None,
    link: str | None = None,
    names: Mapping[str, str] = MappingProxyType({}),
    notes: Sequence[str] = (),
) -> Page:
    """All that an alert says, in harmless lines."""
    before, after = change.before.event.stance, change.after.event.stance
    holder = holder_words(change, language, names)
    turn = say("turn", language).format(before=say(before, language), after=say(after, language))
    state = say(change.level if change.outcome is Outcome.STANDS else change.outcome, language)
    facts = [(say("voices", language), f"{len(change.publishers)}: {_names(change.publishers, language)}")]
    if change.copies:
        facts.append((say("copies", language), "; ".join(_copy(copy, language) for copy in change.copies)))
    if explain:
        facts.append((say("more", language), one_line(explain)))
    facts.append((say("topic", language), one_line(change.topic)))
    subject = say("subject", language).format(holder=holder, turn=turn, state=state)
    return Page(
        language=language,
        subject=one_line(subject)[:_LONGEST_SUBJECT],
        holder=holder,
        turn=turn,
        state=state,
        why=_why(change, language),
        before=_side(change.before, say("before", language), language),
        now=_side(change.after, say("now", language), language),
        facts=tuple(facts),
        link=safe_link(link),
        notes=tuple(notes),
    )


def holder_words(change: StanceChange | Track, language: Language, names: Mapping[str, str]) -> str:
    """`United States / Pentagon` in the reader's language."""
    parts = [change.actor, *([change.institution] if change.institution else [])]
    return " / ".join(one_line(names.get(part) or say(part, language)) for part in parts)


def _side(report: Report, heading: str, language: Language) -> Side:
    event = report.event
    speaker = _names([part for part in (event.speaker, event.office or event.said_as) if part], language)
    return Side(
        heading=heading,
        stance=say(event.stance, language),
        side=event.stance.side.value,
        quote=quoted(event.quote, report.language),
        quote_language=report.language,
        conditions=tuple(quoted(each.quote, report.language) for each in event.conditions),
        speaker=speaker or say("no_speaker", language),
        source=f"{isolate(one_line(report.publisher))} · {isolate(f'{report.at:%Y-%m-%d %H:%M} UTC')}",
        title=one_line(report.title or ""),
        link=safe_link(report.url),
        basis=one_line(event.reason),
    )


def _why(change: StanceChange, language: Language) -> str:
    names = _names(change.publishers, language)
    reason = isolate(one_line(change.reason).rstrip("."))
    return say(_why_key(change), language).format(count=len(change.publishers), names=names, reason=reason)


def _why_key(change: StanceChange) -> str:
    if change.outcome is not Outcome.STANDS:
        return f"why_{change.outcome}"
    if change.level is Level.REPORTED:
        return "why_reported" if len(change.publishers) == 1 else "why_several"
    if len(change.publishers) > 1:
        return "why_confirmed"
    return "why_own" if change.after.own_outlet else "why_single"


def _names(names: Iterable[str], language: Language) -> str:
    return say("comma", language).join(isolate(one_line(name)) for name in names)


def _copy(told: str, language: Language) -> str:
    """'B (copy of A)' of the model in the reader's language, each name keeping its own direction."""
    copy, _, original = one_line(told).removesuffix(")").rpartition(" (copy of ")
    if not copy:
        return isolate(original)
    return say("copy_of", language).format(copy=isolate(copy), original=isolate(original))


def quoted(quote: str, language: Language) -> str:
    """The quote between the marks of its own language."""
    return say("quoted", language).format(quote=_shorten(one_line(quote)))


def _shorten(quote: str) -> str:
    return quote if len(quote) <= _LONGEST_QUOTE else quote[: _LONGEST_QUOTE - 1].rstrip() + "…"
