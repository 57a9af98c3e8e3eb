"""A day in one page: what moved, what waits or is disputed, where every holder stands, who has fallen silent. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import NamedTuple

from monitor.alerts.pages import COLOURS, code, direction, document
from monitor.alerts.render import holder_words, quoted
from monitor.alerts.words import right_to_left, say
from monitor.model import Frozen, Language, Outcome, Report, Stance, StanceChange, Track
from monitor.text.display import isolate, one_line

Bar = Sequence[tuple[str, Stance | None]]
"""A holder's stances through time as runs of letters; `charts.bar` makes it."""

_SILENT_AFTER = timedelta(days=30)
_RIGHT_TO_LEFT_MARK = "\u200f"
_DAY = re.compile("\u2068([0-9]{4}-[0-9]{2}-[0-9]{2})\u2069")


class Digest(Frozen):
    """The page as a mail or file has it. The same day and topic have the same key."""

    key: str
    subject: str
    text: str
    html: str


class _Line(NamedTuple):
    words: str
    report: Report | None = None
    bar: Bar = ()


class _Section(NamedTuple):
    title: str
    lines: tuple[_Line, ...]


def digest(
    tracks: Iterable[Track],
    changes: Iterable[StanceChange],
    *,
    since: datetime,
    now: datetime,
    language: Language = Language.EN,
    bars: Mapping[str, Bar] | None = None,
    names: Mapping[str, str] | None = None,
    chart: str = "",
) -> Digest:
    """The page about the time from `since` to `now`. `bars` by holder draw their history; `names` override actors' words.

    `chart`: markup for the HTML form, shown as it is.
    """
    known = sorted((track for track in tracks if track.standing), key=lambda track: track.holder)
    moved = [change for change in changes if since <= (change.confirmed_at or change.at) <= now]
    write = _Writer(language, names or {}, bars or {})
    sections = (
        _Section(say("moved", language), tuple(write.change(change) for change in moved)),
        _Section(say("waiting", language), tuple(write.challenge(track) for track in known if _waits(track, now))),
        _Section(say("in_dispute", language), tuple(line for track in known for line in write.dispute(track))),
        _Section(say("stands", language), tuple(write.standing(track) for track in known)),
        _Section(
            say("silent", language).format(days=_SILENT_AFTER.days),
            tuple(write.silence(track) for track in known if now - _heard(track) > _SILENT_AFTER),
        ),
    )
    subject = one_line(say("digest", language).format(day=now.strftime(say("day", language)), count=len(moved)))
    topics = "+".join(sorted({track.topic for track in known}))
    return Digest(
        key=f"digest.{topics}.{now:%Y-%m-%d}",
        subject=subject,
        text=_text(subject, sections, language),
        html=_html(subject, sections, language, chart=chart),
    )


class _Writer(NamedTuple):
    """Puts tracks and changes into lines of one language."""

    language: Language
    names: Mapping[str, str]
    bars: Mapping[str, Bar]

    def change(self, change: StanceChange) -> _Line:
        before, after = self.stance(change.before.event.stance), self.stance(change.after.event.stance)
        turn = say("turn", self.language).format(before=before, after=after)
        state = say(change.level if change.outcome is Outcome.STANDS else change.outcome, self.language)
        holder = holder_words(change, self.language, self.names)
        return _Line(f"{holder}: {turn} ({state})", change.after)

    def challenge(self, track: Track) -> _Line:
        if track.challenger is None:
            return _Line("")
        turn = say("turn", self.language).format(
            before=self.stance(track.stance), after=self.stance(track.challenger.stance)
        )
        return _Line(f"{holder_words(track, self.language, self.names)}: {turn}", track.challenger.first)

    def dispute(self, track: Track) -> tuple[_Line, ...]:
        holder = holder_words(track, self.language, self.names)
        return tuple(_Line(f"{holder}: {self.stance(report.event.stance)}", report) for report in track.disputed)

    def standing(self, track: Track) -> _Line:
        since = say("since", self.language).format(day=isolate(f"{track.since:%Y-%m-%d}"))
        stands = f"{self.stance(track.stance)}{say('comma', self.language)}{since}"
        words = f"{holder_words(track, self.language, self.names)}: {stands}"
        if track.split:
            words += f"; {say('split', self.language)}: {self.split(track.split)}"
        return _Line(words, track.standing, self.bars.get(track.holder, ()))

    def silence(self, track: Track) -> _Line:
        day = isolate(f"{_heard(track):%Y-%m-%d}")
        holder = holder_words(track, self.language, self.names)
        return _Line(f"{holder}: {say('last_heard', self.language).format(day=day)}")

    def split(self, told: Iterable[str]) -> str:
        pairs = (each.partition("=") for each in told)
        shown = (
            f"{say(institution, self.language)} – {say(stance, self.language)}" for institution, _, stance in pairs
        )
        return say("comma", self.language).join(one_line(each) for each in shown)

    def stance(self, stance: Stance | None) -> str:
        return say(stance, self.language) if stance else "–"


def _waits(track: Track, now: datetime) -> bool:
    return track.challenger is not None and track.challenger.first.at <= now


def _heard(track: Track) -> datetime:
    reports = [*([track.standing] if track.standing else []), *(track.challenger.reports if track.challenger else ())]
    return max(report.at for report in reports)


def _source(report: Report, language: Language) -> str:
    return f"{isolate(one_line(report.publisher))}{say('comma', language)}{isolate(f'{report.at:%Y-%m-%d}')}"


def _text(subject: str, sections: Iterable[_Section], language: Language) -> str:
    lines = [subject]
    for section in sections:
        lines += ["", section.title.upper()]
        for line in section.lines or (_Line(say("nothing", language)),):
            lines.append(f"• {line.words}")
            if line.bar:
                lines.append("  " + isolate("".join(letters for letters, _ in line.bar)))
            if line.report:
                lines.append(f"  {isolate(quoted(line.report.event.quote, line.report.language))}")
                lines.append(f"  {_source(line.report, language)}")
    mark = _RIGHT_TO_LEFT_MARK if right_to_left(language) else ""
    return "".join(f"{mark}{line}\n" if line else "\n" for line in lines)


def _html(subject: str, sections: Iterable[_Section], language: Language, *, chart: str) -> str:
    body = "".join(_html_section(section, language) for section in sections)
    return document(subject, f'<h1 style="font-size:20px">{escape(subject)}</h1>\n{chart}{body}', language=language)


def _html_section(section: _Section, language: Language) -> str:
    shown = (
        "".join(_html_line(line, language) for line in section.lines) or f"<li>{escape(say('nothing', language))}</li>"
    )
    return f'<h2 style="font-size:16px;margin:20px 0 4px">{escape(section.title)}</h2>\n<ul style="margin:0">{shown}</ul>\n'


def _html_line(line: _Line, language: Language) -> str:
    bar = "".join(
        f'<span class="{stance.side if stance else "muted"}" style="color:{COLOURS[stance.side.value] if stance else "#57606a"}">'
        f"{escape(letters)}</span>"
        for letters, stance in line.bar
    )
    # Quotes and bars have their own direction, but stand at the side where the page's lines begin: they belong to a line.
    side = "right" if right_to_left(language) else "left"
    parts = [f'<li style="margin:6px 0">{_unbroken(escape(line.words))}']
    if bar:
        set_as = f"text-align:{side};font-family:monospace;font-size:12px;white-space:nowrap"
        parts.append(f'<div dir="ltr" style="{set_as}">{bar}</div>')
    if line.report:
        words, spoken = line.report.event.quote, line.report.language
        parts.append(
            f'<blockquote lang="{code(spoken)}" dir="{direction(spoken)}" style="margin:2px 0;text-align:{side}">'
        )
        parts.append(f"{escape(quoted(words, spoken))}</blockquote>")
        source = _unbroken(escape(_source(line.report, language)))
        parts.append(f'<div class="muted" style="font-size:13px;color:#57606a">{source}</div>')
    return "".join([*parts, "</li>\n"])


def _unbroken(escaped: str) -> str:
    """Dates stay on one line: a hyphen is where a browser would break them."""
    return _DAY.sub(r'<bdi style="white-space:nowrap">\1</bdi>', escaped)
