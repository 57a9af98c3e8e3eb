"""Who speaks independently: publisher families, wire credits and near copies are one voice each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from monitor.model import Event, Frozen, Language, Policy, Report
from monitor.text.normalize import fold

# A credit stands at the head or the foot of a text; a wire named in between is a subject, or credited for one detail.
_HEAD = 500  # characters
_FOOT = 160
_LONGEST_ACRONYM = 5

_BY = {
    Language.EN: ("according to", "as reported by", "reported by", "reports", "source:", "sources:", "via", "citing", "quoted by", "told"),
    Language.AR: ("بحسب", "حسب", "وفق", "وفقا ل", "نقلا عن", "عن", "ذكرت", "افادت", "نقلت", "اوردت", "المصدر:", "المصدر :", "لوكاله", "ل"),
    Language.RU: ("по данным", "сообщает", "сообщило", "сообщил", "передает", "передало", "пишет", "со ссылкой на", "источник:", "как сообщили", "по информации", "по сообщению", "агентству", "в интервью", "заявил", "заявила", "рассказал"),
}  # fmt: skip
_AGENCY = r"(?:(?:the\s+)?news agency\s+|the\s+|وكاله\s+(?:الانباء\s+|انباء\s+)?|агентств[оаеу]м?\s+|информагентств[оаеу]м?\s+)?"


class Wire(Frozen):
    """A news agency, and how texts name it. Names under one id are one voice."""

    id: str
    names: dict[Language, tuple[str, ...]]


class Wires(Frozen):
    """The agencies of `knowledge/wires.yaml`."""

    wires: tuple[Wire, ...] = ()

    def __hash__(self) -> int:
        return hash(tuple(wire.id for wire in self.wires))


def voice_of(
    publisher: str, *, credited: str | None = None, copied: str | None = None, wires: Wires | None = None
) -> str:
    """The independent voice of an article: the wire it credits, else the voice it copies, else its publisher (family).

    A wire's own outlet speaks with the same voice as the papers that print it.
    """
    if credited:
        return credited
    if copied:
        return copied
    return _wire_named(publisher, wires or Wires()) or publisher


def credited_wire(text: str, language: Language, wires: Wires) -> str | None:
    """The id of the agency that the text says it comes from, or None.

    Counts: the dateline ("MOSCOW (Reuters) -", "موسكو - أ ف ب"), "according to Reuters" near the head, "Source: TASS" at the foot.
    """
    if not wires.wires:
        return None  # a pattern of no names would match everywhere
    credited = _credits(wires, language)
    foot = text[max(_HEAD, len(text) - _FOOT) :]
    return _first_credit(text[:_HEAD], credited) or _first_credit(foot, credited)


def own_outlet(speaks_for: str | None, event: Event) -> bool:
    """Whether a feed that speaks for `ACTOR` or `ACTOR/institution` is this event's holder speaking for itself."""
    if speaks_for is None:
        return False
    actor, _, institution = speaks_for.partition("/")
    return actor == event.actor and (not institution or event.institution in {None, institution})


def adapt(policy: Policy, *, voices: int) -> tuple[Policy, str | None]:
    """The policy with no more confirmations than there are voices to give them, and the sentence that says so."""
    if voices >= policy.confirmations or voices < 1:
        return policy, None
    lowered = policy.model_copy(update={"confirmations": voices})
    have = f"only {voices} independent voice{'s' if voices > 1 else ''}"
    return lowered, f"{have} configured: {voices} confirm{'' if voices > 1 else 's'} instead of {policy.confirmations}"


# --- what a change shows of its voices ------------------------------------------------------------


def speakers(reports: Iterable[Report]) -> dict[str, str]:
    """Each voice among the reports, in the order they spoke, with the publisher who spoke first in it."""
    found: dict[str, str] = {}
    for report in reports:
        found.setdefault(report.voice, report.publisher)
    return found


def collapsed(reports: Iterable[Report]) -> tuple[str, ...]:
    """The publishers that count for nothing beside another of the same voice: 'B (copy of A)'."""
    first: dict[str, Report] = {}
    copies: dict[str, None] = {}
    for report in reports:
        original = first.setdefault(report.voice, report)
        if report.publisher != original.publisher:
            copies[f"{report.publisher} (copy of {original.publisher})"] = None
        elif report is original and report.copy_of is not None and report.voice != report.publisher:
            copies[f"{report.publisher} (copy of {report.voice})"] = None
    return tuple(copies)


# --- finding credits --------------------------------------------------------------------------------


class _Credits(NamedTuple):
    """How one language credits: the pattern, and per folded name the wire and whether only capitals count."""

    pattern: re.Pattern[str]
    wires: dict[str, tuple[str, bool]]


@lru_cache(maxsize=8)
def _credits(wires: Wires, language: Language) -> _Credits:
    known: dict[str, tuple[str, bool]] = {}
    for wire in wires.wires:
        for name in (name for names in wire.names.values() for name in names):
            acronym = name.isascii() and name.isupper() and len(name) <= _LONGEST_ACRONYM
            known.setdefault(_squeeze(fold(name).text), (wire.id, acronym))
    # Longest first, so that "ria novosti" is not cut to "ria". Arabic initials are written with any spacing.
    names = "|".join(r"\s*".join(re.escape(char) for char in name) for name in sorted(known, key=len, reverse=True))
    by = "|".join(re.escape(word) for word in _BY.get(language, _BY[Language.EN]))
    after_word = rf"\b[وف]?(?:{by})\s*{_AGENCY}[\"']?(?P<said>{names})(?!\w)"
    in_dateline = (
        rf"(?:[(/\[]\s*|^[^.!?\n]{{0,60}}?[-,]\s*|\n\s*-?\s*)(?P<line>{names})(?=\s*[)/\]]|\s*[-:,.]|\s*$|[\"'])"
    )
    return _Credits(re.compile(f"{after_word}|{in_dateline}", re.MULTILINE), known)


def _first_credit(part: str, credited: _Credits) -> str | None:
    folded = fold(part)
    for match in credited.pattern.finditer(folded.text):
        group = "said" if match["said"] else "line"
        wire, acronym = credited.wires[_squeeze(match[group])]
        start, end = folded.span(*match.span(group))
        if not acronym or part[start:end].isupper():
            return wire
    return None


def _squeeze(name: str) -> str:
    return "".join(name.split())


def _wire_named(publisher: str, wires: Wires) -> str | None:
    wanted = fold(publisher).text
    return next(
        (
            wire.id
            for wire in wires.wires
            if wanted in {fold(name).text for name in (wire.id, *(n for names in wire.names.values() for n in names))}
        ),
        None,
    )
