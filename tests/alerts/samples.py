"""Changes to write alerts about, one a language, with quotes in all three."""

from __future__ import annotations

from typing import Any

from monitor.model import StanceChange
from tests.tracking.newsroom import Newsroom

BEFORE = {
    "en": "we do not coordinate any operations with the Russians",
    "ar": "لا ننسق أي عمليات مع الروس",
    "ru": "мы не координируем никаких операций с русскими",
}
NOW = {
    "en": "we would work with them if they did the right thing",
    "ar": "سنعمل معهم إذا فعلوا الصواب",
    "ru": "мы будем работать с ними, если они поступят правильно",
}
PAPERS = {"en": "Herald", "ar": "النهار الجديد", "ru": "Вестник"}


def change(language: str = "ar", *, before: str = "en", confirmed: bool = False, **hostile: Any) -> StanceChange:
    """The Pentagon's turn of June 2016: opposed in the language `before`, conditional in `language`."""
    room = Newsroom()
    old = room.report(
        "2016-05-20 18:00", "USA/pentagon", "oppose", PAPERS[before], language=before, quote=BEFORE[before]
    )
    new = room.report(
        "2016-06-30 13:00", "USA/pentagon", "conditional", PAPERS[language], language=language, quote=NOW[language]
    )
    room.step(
        _told(
            old,
            speaker="Jeff Davis",
            office="Pentagon spokesman",
            title="No joint strikes",
            url="https://herald.example/1",
        )
    )
    facts = {"speaker": "Ash Carter", "office": "Secretary of Defense", "title": "Carter: “if”"}
    made = room.step(_told(new, **facts | {"url": "https://paper.example/2?a=1&b=2"} | hostile))
    if confirmed:
        room.say("2016-06-30 14:00", "USA/pentagon", "conditional", "Reprint", voice=PAPERS[language])
        made = room.say("2016-06-30 15:00", "USA/pentagon", "conditional", "Third Voice")
    assert made is not None
    return made


def _told(report: Any, **facts: Any) -> Any:
    """The report with other facts: those of its event, and its own."""
    told = {name: value for name, value in facts.items() if name in type(report.event).model_fields}
    told |= {"end": len(facts["quote"])} if "quote" in facts else {}
    own = {name: value for name, value in facts.items() if name not in told}
    return report.model_copy(update=own | {"event": report.event.model_copy(update=told)})
