"""The default analyzer on texts of our own, the three languages side by side."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import pytest

from monitor.analysis import analyzer
from monitor.analysis.knowledge import (
    Actor,
    Bond,
    Facet,
    Knowledge,
    Lexicon,
    Theme,
    Topic,
)
from monitor.analysis.rules import Rules
from monitor.model import Article, ConfigError, Gate, Language
from monitor.settings import load_knowledge

TOPIC = "us-russia-syria"


@cache
def shipped() -> Knowledge:
    return load_knowledge()


@cache
def rules() -> Rules:
    return Rules(shipped(), TOPIC)


def article(text: str, day: str = "2016-07-14") -> Article:
    return Article(id="t", text=text, published_at=datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC))


AGREED = {
    Language.EN: "US Secretary of State John Kerry said on Thursday that Washington had agreed with Russia to coordinate "
    "strikes in Syria. Russian Foreign Minister Sergei Lavrov welcomed the agreement on the truce.",
    Language.RU: "Госсекретарь США Джон Керри заявил в четверг, что Вашингтон договорился с Россией координировать удары "
    "в Сирии. Министр иностранных дел РФ Сергей Лавров приветствовал соглашение о перемирии.",
    Language.AR: "قال وزير الخارجية الأميركي جون كيري الخميس إن واشنطن اتفقت مع روسيا على تنسيق الضربات في سوريا. "
    "ورحب وزير الخارجية الروسي سيرغي لافروف بالاتفاق على الهدنة.",
}


@pytest.mark.parametrize("language", list(AGREED))
def test_an_agreement_is_support_of_both_with_their_ministries_and_ministers(language: Language) -> None:
    finding = rules().analyze(article(AGREED[language]))
    assert finding.relevant
    assert {(event.actor, event.stance.value) for event in finding.events} == {("USA", "support"), ("RUS", "support")}
    assert {event.institution for event in finding.events} == {"state", "mfa"}


@pytest.mark.parametrize("language", list(AGREED))
def test_every_quote_is_an_exact_span_and_every_event_has_a_reason(language: Language) -> None:
    text = AGREED[language]
    for event in rules().analyze(article(text)).events:
        assert text[event.start : event.end] == event.quote
        assert event.actor in event.reason
        assert event.contributions


KIRBY = {
    Language.EN: "White House spokesman John Kirby said the United States would coordinate with Russia in Syria if the "
    "strikes on the opposition stopped.",
    Language.RU: "Представитель Белого дома Джон Кирби сказал, что США будут координировать с Россией действия в Сирии, "
    "если удары по оппозиции прекратятся.",
    Language.AR: "قال المتحدث باسم البيت الأبيض جون كيربي إن الولايات المتحدة ستنسق مع روسيا في سوريا إذا توقفت الضربات "
    "على المعارضة.",
}


@pytest.mark.parametrize("language", list(KIRBY))
def test_person_and_date_decide_the_institution_not_what_the_text_calls_him(language: Language) -> None:
    candidates = rules().extract(article(KIRBY[language], "2016-06-30"), language).mentions
    kirby = next(mention for mention in candidates if mention.person == "John Kirby")
    assert kirby.institution == "state"


PLACES = {
    Language.EN: "In Moscow a Turkish delegation met on Syria.",
    Language.AR: "اجتمع وفد تركي في موسكو بشأن سوريا.",
}


@pytest.mark.parametrize("language", list(PLACES))
def test_a_capital_where_something_happens_is_no_actor(language: Language) -> None:
    mentions = rules().extract(article(PLACES[language]), language).mentions
    assert "RUS" not in {mention.actor for mention in mentions}


PRONOUNS = {
    Language.EN: "Sergei Lavrov came to Geneva. He said the truce in Syria agreed with Washington would hold.",
    Language.RU: "Сергей Лавров прибыл в Женеву. Он заявил, что перемирие в Сирии, согласованное с Вашингтоном, устоит.",
}


@pytest.mark.parametrize("language", list(PRONOUNS))
def test_he_is_whom_the_text_named_last(language: Language) -> None:
    scenes = rules().extract(article(PRONOUNS[language]), language).scenes
    assert scenes[1].speaker is not None
    assert scenes[1].speaker.holder == ("RUS", "mfa")


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        ("", Gate.EMPTY),
        ("   \n", Gate.EMPTY),
        ("הממשלה נפגשה אתמול ודנה במחירים", Gate.LANGUAGE),
        ("The harvest in Kansas was good this year and the farmers are content.", Gate.MISSING_FACET),
        ("Урожай в этом году был хорошим, и фермеры довольны.", Gate.MISSING_FACET),
        ("كان المحصول جيدا هذا العام والمزارعون راضون.", Gate.MISSING_FACET),
    ],
)
def test_what_is_not_about_the_topic_leaves_at_a_named_gate(text: str, gate: Gate) -> None:
    finding = rules().analyze(article(text))
    assert not finding.relevant
    assert finding.gate is gate
    assert finding.reason


def test_an_unknown_analyzer_or_topic_is_refused_with_a_sentence() -> None:
    with pytest.raises(ConfigError, match="no analyzer 'oracle'"):
        analyzer(shipped(), TOPIC, name="oracle")
    with pytest.raises(ConfigError, match="no topic 'nowhere'"):
        analyzer(shipped(), "nowhere")


def test_reading_twice_gives_the_same() -> None:
    text = AGREED[Language.EN]
    assert Rules(shipped(), TOPIC).analyze(article(text)) == rules().analyze(article(text))


def _toy() -> Knowledge:
    """A topic about other countries, in a toy English: nothing but data."""
    english = Language.EN
    topic = Topic(
        id="tea",
        title="Tea trade",
        target="Avalon and Borduria trade tea",
        principals=("AVL", "BRD"),
        facets=(
            Facet(id="a", name="Avalon", actors=("AVL",)),
            Facet(id="b", name="Borduria", actors=("BRD",)),
            Facet(id="tea", name="tea", terms={english: ("tea",)}),
        ),
        themes=(Theme(id="trade", name="trade", bond=Bond.CORE, terms={english: ("trade", "tea deal")}),),
        actors=(
            Actor(id="AVL", name="Avalon", names={english: ("Avalon",)}),
            Actor(id="BRD", name="Borduria", names={english: ("Borduria",)}),
        ),
    )
    lexicon = Lexicon(
        language=english,
        concepts={"agree": ("glorp",), "say": ("=zub", "say"), "and": ("and",), "preposition": ("with",)},
    )
    return shipped().model_copy(update={"topics": {"tea": topic}, "languages": {english: lexicon}})


def test_another_topic_with_other_words_is_data() -> None:
    text = "Avalon and Borduria glorp to a tea deal. Avalon zub the trade in tea with Borduria will glorp."
    finding = Rules(_toy(), "tea").analyze(article(text).model_copy(update={"language": Language.EN}))
    assert finding.relevant
    assert "AVL" in {event.actor for event in finding.events}
