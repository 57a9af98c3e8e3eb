"""Stances through time as pictures: a step chart in SVG for pages and mails, a bar of letters for terminals. Pure.

Colour never carries the meaning alone: each stance has a level in the step chart and a letter in the bar.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import NamedTuple

from pydantic import Field

from monitor.model import Frozen, Instant, Level, Policy, Report, Stance, StanceChange, Track
from monitor.text.display import one_line

COLOURS = {  # readable on white and on near-black alike (WCAG contrast over 3 for graphics)
    Stance.SUPPORT: "#1a8754",
    Stance.CONDITIONAL: "#0b7fab",
    Stance.NEUTRAL: "#777777",
    Stance.OPPOSE: "#c8452c",
    Stance.SUSPEND: "#9b4dca",
}
LETTERS = {
    Stance.SUPPORT: "S",
    Stance.CONDITIONAL: "C",
    Stance.NEUTRAL: "n",
    Stance.OPPOSE: "O",
    Stance.SUSPEND: "X",
}
_HEIGHTS = (Stance.SUPPORT, Stance.CONDITIONAL, Stance.NEUTRAL, Stance.OPPOSE, Stance.SUSPEND)
_LANE = 106  # px
_STEP = 15
_TITLE = 32  # from the top of a lane to its first level: the holder's name stands above
_TOP = 6
_LEFT = 128
_FONTS = "'Noto Sans', 'Noto Sans Arabic', 'DejaVu Sans', sans-serif"
_RIGHT = 16
_BOTTOM = 28


class Turn(Frozen):
    """From `at` on a holder stands at `stance`, as the report of `publisher` shows."""

    at: Instant
    stance: Stance
    confirmed: bool = Field(description="more than one voice, or the holder's own word; a baseline counts as such")
    quote: str
    publisher: str
    speaker: str | None = None
    url: str | None = None
    change_id: int | None = None


class Lane(Frozen):
    """One holder's turns in order of time."""

    holder: str
    turns: tuple[Turn, ...]
    split: tuple[str, ...] = ()
    disputed: bool = False


def lanes(tracks: Iterable[Track], changes: Iterable[tuple[int, StanceChange]]) -> tuple[Lane, ...]:
    """A lane for each track that has a stance; its turns are the baseline, the changes, and returns from what did not hold."""
    by_holder: dict[tuple[str, str], list[tuple[int, StanceChange]]] = {}
    for change_id, change in changes:
        by_holder.setdefault((change.topic, change.holder), []).append((change_id, change))
    found = [_lane(track, by_holder.get((track.topic, track.holder), [])) for track in tracks]
    return tuple(lane for lane in found if lane.turns)


def _lane(track: Track, changes: Sequence[tuple[int, StanceChange]]) -> Lane:
    """A turn that did not hold, because others spoke against it, ends where the holder is known to stand elsewhere."""
    turns: list[Turn] = []
    for change_id, change in sorted(changes, key=lambda each: each[1].at):
        if not turns or turns[-1].stance is not change.before.event.stance:
            turns.append(_back(change.before, turns, until=change.at))
        turns.append(_turn(change.after, confirmed=change.level is Level.CONFIRMED, change_id=change_id))
    if track.standing is None or track.stance is None:
        return Lane(holder=track.holder, turns=tuple(turns), split=track.split, disputed=bool(track.disputed))
    if not turns:
        first = _turn(track.standing, confirmed=True)
        turns.append(first.model_copy(update={"at": track.since or first.at}))
    elif turns[-1].stance is not track.stance and track.challenger is None:
        turns.append(_back(track.standing, turns))
    return Lane(holder=track.holder, turns=tuple(turns), split=track.split, disputed=bool(track.disputed))


def _back(report: Report, turns: Sequence[Turn], *, until: datetime | None = None) -> Turn:
    """Where a holder stood again, or at first: after the window in which a report could have been confirmed."""
    turn = _turn(report, confirmed=True)
    if not turns:
        return turn
    returned = len(turns) > 1 and turns[-2].stance is turn.stance
    at = turns[-1].at + Policy().window if returned else max(turn.at, turns[-1].at)
    return turn.model_copy(update={"at": min(at, until) if until else at})


def _turn(report: Report, *, confirmed: bool, change_id: int | None = None) -> Turn:
    return Turn(
        at=report.at,
        stance=report.event.stance,
        confirmed=confirmed,
        quote=report.event.quote,
        publisher=report.publisher,
        speaker=report.event.speaker,
        url=report.url,
        change_id=change_id,
    )


# --- terminal ---------------------------------------------------------------------------------


def bar(lane: Lane, *, start: datetime, end: datetime, width: int) -> tuple[tuple[str, Stance | None], ...]:
    """The lane as runs of letters, `width` cells in all: ((letters, stance), …); None before the first turn."""
    cells: list[Stance | None] = [None] * width
    length = max((end - start) / width, timedelta(microseconds=1))
    for turn in lane.turns:
        first = min(max(int((turn.at - start) / length), 0), width - 1)
        cells[first:] = [turn.stance] * (width - first)
    runs: list[tuple[str, Stance | None]] = []
    for stance in cells:
        letter = LETTERS[stance] if stance else "·"
        if runs and runs[-1][1] is stance:
            runs[-1] = (runs[-1][0] + letter, stance)
        else:
            runs.append((letter, stance))
    return tuple(runs)


def extent(drawn: Iterable[Lane], *, now: datetime) -> tuple[datetime, datetime]:
    """From the first turn to `now` (or the last turn, if that is later), never empty."""
    moments = [turn.at for lane in drawn for turn in lane.turns]
    start, end = min(moments, default=now - timedelta(days=1)), max([*moments, now])
    return (start, end) if end > start else (start - timedelta(days=1), end)


# --- SVG --------------------------------------------------------------------------------------


def svg(
    drawn: Sequence[Lane],
    *,
    now: datetime,
    width: int = 960,
    words: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    title: str = "Stances",
) -> str:
    """A step chart of all lanes: solid where confirmed, dashed where reported; a dot a turn, its quote on hover.

    `words` say stances, levels, `split` and `disputed` in the reader's language, `names` the holders. Self-contained: no
    script, no style from outside. Time runs left to right in every language, as charts do.
    """
    start, end = extent(drawn, now=now)
    height = _TOP + _LANE * len(drawn) + _BOTTOM
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="{_role(drawn)}" aria-label="{escape(one_line(title))}" direction="ltr" font-family="{_FONTS}" '
            'font-size="12" fill="currentColor">'
        ),
        f"<title>{escape(one_line(title))}</title>",
    ]
    say = _Words(words or {}, names or {})
    for index, lane in enumerate(drawn):
        parts.append(_lane_svg(lane, top=_TOP + index * _LANE, width=width, start=start, end=end, say=say))
    parts.append(_axis(start, end, width=width, y=_TOP + _LANE * len(drawn)))
    parts.append("</svg>")
    return "".join(parts)


class _Words(NamedTuple):
    """What is written on the chart; English, and codes for holders, where nothing else is given."""

    words: Mapping[str, str]
    names: Mapping[str, str]

    def word(self, name: str) -> str:
        return self.words.get(name, name)

    def holder(self, lane: Lane) -> str:
        name = one_line(self.names.get(lane.holder, lane.holder))
        remark = "split" if lane.split else "disputed" if lane.disputed else None
        return f"{name} ({self.word(remark)})" if remark else name

    def turn(self, turn: Turn) -> str:
        level = self.word("confirmed" if turn.confirmed else "reported")
        return one_line(f"{turn.at:%Y-%m-%d} {self.word(turn.stance.value)} ({level}), {turn.publisher}: {turn.quote}")


def strip(lane: Lane, *, start: datetime, end: datetime, width: int = 160, height: int = 14) -> str:
    """A lane as a strip of colour for a table's cell: what the row says in words, through time. Not read out."""
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="strip" {size} aria-hidden="true" direction="ltr">',
        f'<rect width="{width}" height="{height}" rx="3" fill="currentColor" opacity=".08"/>',
    ]
    scale = width / ((end - start) / timedelta(seconds=1))
    for index, turn in enumerate(lane.turns):
        after = lane.turns[index + 1].at if index + 1 < len(lane.turns) else end
        x = round((turn.at - start).total_seconds() * scale, 1)
        wide = max(round((after - turn.at).total_seconds() * scale, 1), 1.5)
        thin = 0 if turn.confirmed else height / 4  # reported: half as high
        parts.append(
            f'<rect x="{x}" y="{thin}" width="{wide}" height="{height - 2 * thin}" fill="{COLOURS[turn.stance]}"/>'
        )
    return "".join([*parts, "</svg>"])


def _role(drawn: Sequence[Lane]) -> str:
    """A picture, or, with links in it, a group: readers of the screen must come to the links."""
    return "group" if any(turn.change_id is not None for lane in drawn for turn in lane.turns) else "img"


def _x(moment: datetime, *, start: datetime, end: datetime, width: int) -> float:
    return round(_LEFT + (moment - start) / (end - start) * (width - _LEFT - _RIGHT), 1)


def _lane_svg(lane: Lane, *, top: int, width: int, start: datetime, end: datetime, say: _Words) -> str:
    heights = {stance: top + _TITLE + level * _STEP for level, stance in enumerate(_HEIGHTS)}
    parts = [
        f'<g><text x="0" y="{top + 18}" font-size="13" font-weight="bold">{escape(say.holder(lane))}</text>',
        f'<line x1="0" x2="{width}" y1="{top}" y2="{top}" stroke="currentColor" opacity=".15"/>',
    ]
    for stance, y in heights.items():
        parts.append(
            f'<text x="{_LEFT - 10}" y="{y + 4}" text-anchor="end" font-size="10.5" opacity=".8">{escape(say.word(stance.value))}</text>'
            f'<line x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y}" y2="{y}" stroke="currentColor" opacity=".1"/>'
        )
    for index, turn in enumerate(lane.turns):
        x = _x(turn.at, start=start, end=end, width=width)
        after = lane.turns[index + 1].at if index + 1 < len(lane.turns) else end
        until, y = _x(after, start=start, end=end, width=width), heights[turn.stance]
        dashes = "" if turn.confirmed else ' stroke-dasharray="4 3"'
        colour = COLOURS[turn.stance]
        if index:
            before = heights[lane.turns[index - 1].stance]
            parts.append(f'<line x1="{x}" x2="{x}" y1="{before}" y2="{y}" stroke="{colour}" opacity=".6"{dashes}/>')
        parts.append(f'<line x1="{x}" x2="{until}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="4"{dashes}/>')
        parts.append(_dot(turn, x=x, y=y, said=escape(say.turn(turn))))
    parts.append("</g>")
    return "".join(parts)


def _dot(turn: Turn, *, x: float, y: int, said: str) -> str:
    """Filled when confirmed, hollow when reported: colour does not tell it alone."""
    fill = COLOURS[turn.stance] if turn.confirmed else "#fff"
    hollow = "" if turn.confirmed else ' class="hollow"'
    circle = (
        f'<circle{hollow} cx="{x}" cy="{y}" r="5" fill="{fill}" stroke="{COLOURS[turn.stance]}" stroke-width="2">'
        f"<title>{said}</title></circle>"
    )
    if turn.change_id is None:
        return circle
    return f'<a href="/changes/{turn.change_id}" aria-label="{said}">{circle}</a>'


def _axis(start: datetime, end: datetime, *, width: int, y: int) -> str:
    """Five dates along the bottom."""
    parts = [f'<line x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y}" y2="{y}" stroke="currentColor" opacity=".4"/>']
    for fifth in range(5):
        moment = start + (end - start) * fifth / 4
        x = _x(moment, start=start, end=end, width=width)
        anchor = "start" if fifth == 0 else "end" if fifth == 4 else "middle"
        parts.append(f'<text x="{x}" y="{y + 16}" text-anchor="{anchor}" font-size="10">{moment:%Y-%m-%d}</text>')
    return "".join(parts)
