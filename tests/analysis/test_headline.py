"""A headline that says more than its text is noted; one that says as much or less is not."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import pytest

from monitor.analysis.headline import headline_notes
from monitor.analysis.rules import Rules
from monitor.model import Article, Event, Language, Stance
from monitor.settings import load_knowledge

TOPIC = "us-russia-syria"


@cache
def rules() -> Rules:
    return Rules(load_knowledge(), TOPIC)


def notes(headline: str, language: Language, *said: Stance, actor: str = "USA") -> tuple[str, ...]:
    """The notes on `headline` over a text in which the actor takes the stances `said`."""
    topic = rules()._topic
    extracted = rules().extract(Article(id="h", text=headline), language)
    events = [
        Event(actor=actor, stance=stance, start=0, end=1, quote="x", confidence=0.9, reason="a test says so")
        for stance in said
    ]
    found = rules().candidates(extracted, 0.5)
    return headline_notes(events, found, topic=topic, vocabulary=extracted.reading.vocabulary)


REJECTS = {
    Language.AR: "واشنطن ترفض التنسيق مع موسكو في سوريا",
    Language.EN: "Washington rejects coordination with Russia in Syria",
    Language.RU: "США отвергли координацию с Россией в Сирии",
}


@pytest.mark.parametrize("language", list(REJECTS))
@pytest.mark.parametrize("said", [Stance.CONDITIONAL, Stance.NEUTRAL, Stance.SUPPORT])
def test_a_refusal_in_the_headline_that_the_text_takes_back_is_noted(language: Language, said: Stance) -> None:
    assert notes(REJECTS[language], language, said) == (
        f"the headline says more than its text: USA oppose, in the text {said.value}",
    )


@pytest.mark.parametrize("language", list(REJECTS))
@pytest.mark.parametrize("said", [Stance.OPPOSE, Stance.SUSPEND])
def test_a_headline_that_its_text_bears_out_is_not(language: Language, said: Stance) -> None:
    assert notes(REJECTS[language], language, said) == ()


@pytest.mark.parametrize("language", list(REJECTS))
def test_one_institution_that_bears_the_headline_out_is_enough(language: Language) -> None:
    assert notes(REJECTS[language], language, Stance.NEUTRAL, Stance.OPPOSE) == ()


SUSPENDS = {
    Language.AR: "موسكو تجمد التنسيق مع واشنطن في سوريا",
    Language.EN: "Moscow suspends coordination with Washington in Syria",
    Language.RU: "Москва приостановила координацию с США в Сирии",
}


@pytest.mark.parametrize("language", list(SUSPENDS))
def test_a_suspension_in_the_headline_is_more_than_a_condition(language: Language) -> None:
    [note] = notes(SUSPENDS[language], language, Stance.CONDITIONAL, actor="RUS")
    assert note.endswith("RUS suspend, in the text conditional")


@pytest.mark.parametrize(
    ("language", "headline"),
    [
        (Language.AR, "واشنطن ترفض التعليق على أسعار النفط"),  # nothing of the target
        (Language.EN, "Washington rejects new tariffs"),
        (Language.RU, "США отвергли новые пошлины"),
        (
            Language.AR,
            "واشنطن مستعدة للتنسيق مع موسكو في سوريا إذا توقفت الغارات",
        ),  # the headline has the condition, too
        (Language.EN, "Washington ready to coordinate with Russia in Syria if strikes stop"),
        (Language.RU, "США готовы координировать с Россией удары в Сирии, если бомбардировки прекратятся"),
        (Language.AR, "غداء كيري ولافروف"),  # says no stance
        (Language.EN, "Kerry meets Lavrov for lunch"),
        (Language.RU, "Обед Керри с Лавровым"),
    ],
)
def test_a_headline_that_claims_nothing_whole_of_the_target_is_no_matter(language: Language, headline: str) -> None:
    assert notes(headline, language, Stance.CONDITIONAL) == ()


TEXTS = {
    Language.AR: "قال وزير الدفاع الأميركي آشتون كارتر إن بلاده مستعدة للتعاون مع روسيا في سوريا إذا توقفت عن قصف المعارضة.",
    Language.EN: "US Defense Secretary Ash Carter said Washington would cooperate with Russia in Syria if it stopped bombing "
    "the opposition.",
    Language.RU: "Министр обороны США Эштон Картер заявил, что Вашингтон готов сотрудничать с Россией в Сирии, если она "
    "прекратит бомбить оппозицию.",
}


@pytest.mark.parametrize("language", list(TEXTS))
@pytest.mark.parametrize("inside", [False, True], ids=["beside the text", "its first line"])
def test_the_note_stands_in_the_finding(language: Language, inside: bool) -> None:
    text = f"{REJECTS[language]}\n{TEXTS[language]}" if inside else TEXTS[language]
    article = Article(
        id="t", text=text, title=REJECTS[language], language=language, published_at=datetime(2016, 6, 30, tzinfo=UTC)
    )
    finding = rules().analyze(article)
    stances = {event.stance for event in finding.events if event.actor == "USA"}
    noted = any(note.startswith("the headline says more") for note in finding.notes)
    assert noted == bool(stances and Stance.OPPOSE not in stances and Stance.SUSPEND not in stances)
    if not inside:
        assert noted, finding.events
