"""Who held which office when: posts of one person are never held by two, and names lead to the holder of the day."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from monitor.analysis.knowledge import Knowledge
from monitor.analysis.rules import Rules
from monitor.model import Article, Language, Office
from monitor.settings import load_knowledge

LANGUAGES = (Language.AR, Language.EN, Language.RU)
SINGULAR = (
    "president", "prime minister", "secretary of state", "secretary of defense", "foreign minister", "foreign secretary",
    "defence minister", "defence secretary", "chairman of the joint chiefs of staff", "chief of the general staff",
    "White House press secretary", "Pentagon press secretary", "State Department spokesperson", "presidential spokesman",
    "national security adviser", "ambassador to the UN", "ambassador to the United States", "ambassador to Russia",
    "secretary-general", "special envoy for Syria", "high representative", "director of the CIA", "king", "chancellor",
    "secretary of the security council", "speaker of the House", "commander of US Central Command",
)  # fmt: skip


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def holders(knowledge: Knowledge, *, actor: str, office: str, day: date) -> list[str]:
    return [row.person for row in knowledge.held_on(day) if row.actor == actor and row.office == office]


def test_every_row_names_the_person_in_three_languages(knowledge: Knowledge) -> None:
    nameless = [
        (row.person, language.value)
        for row in knowledge.offices
        for language in LANGUAGES
        if not row.names.get(language)
    ]
    assert nameless == []


def test_a_singular_post_is_never_held_by_two(knowledge: Knowledge) -> None:
    posts: dict[tuple[str, str | None, str], list[Office]] = defaultdict(list)
    for row in knowledge.offices:
        if row.office in SINGULAR:
            posts[row.actor, row.institution, row.office].append(row)
    overlapping = []
    for post, rows in posts.items():
        rows.sort(key=lambda row: row.start or date.min)
        for before, after in pairwise(rows):
            if before.end is None or (after.start is not None and before.end > after.start):
                overlapping.append((*post, before.person, after.person))
    assert len(posts) > 30
    assert overlapping == []


def test_an_office_ends_after_it_began(knowledge: Knowledge) -> None:
    backwards = [row.person for row in knowledge.offices if row.start and row.end and row.end <= row.start]
    assert backwards == []


def test_one_name_means_one_person(knowledge: Knowledge) -> None:
    people: dict[tuple[Language, str], set[str]] = defaultdict(set)
    for row in knowledge.offices:
        for language, names in row.names.items():
            for name in names:
                people[language, name].add(row.person)
    assert {name: found for name, found in people.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("actor", "office", "day", "person"),
    [
        ("USA", "secretary of defense", date(2016, 6, 15), "Ash Carter"),
        ("USA", "secretary of defense", date(2017, 3, 15), "James Mattis"),
        ("USA", "secretary of state", date(2013, 9, 14), "John Kerry"),
        ("USA", "secretary of state", date(2017, 4, 12), "Rex Tillerson"),
        ("USA", "secretary of state", date(2025, 12, 1), "Marco Rubio"),
        ("USA", "chairman of the joint chiefs of staff", date(2018, 2, 1), "Joseph Dunford"),
        ("USA", "ambassador to the UN", date(2018, 4, 9), "Nikki Haley"),
        ("RUS", "defence minister", date(2016, 10, 1), "Sergei Shoigu"),
        ("RUS", "defence minister", date(2025, 1, 1), "Andrei Belousov"),
        ("RUS", "ambassador to the UN", date(2016, 9, 17), "Vitaly Churkin"),
        ("RUS", "ambassador to the UN", date(2019, 9, 17), "Vassily Nebenzia"),
        ("SYR", "president", date(2016, 9, 12), "Bashar al-Assad"),
        ("SYR", "president", date(2025, 9, 12), "Ahmed al-Sharaa"),
        ("TUR", "prime minister", date(2018, 4, 11), "Binali Yildirim"),
        ("FRA", "defence minister", date(2018, 4, 14), "Florence Parly"),
        ("GBR", "foreign secretary", date(2016, 9, 11), "Boris Johnson"),
        ("DEU", "foreign minister", date(2017, 2, 6), "Sigmar Gabriel"),
        ("JOR", "king", date(2017, 7, 8), "King Abdullah II"),
        ("UNO", "special envoy for Syria", date(2016, 5, 3), "Staffan de Mistura"),
    ],
)
def test_the_holder_of_a_post_follows_the_date(
    knowledge: Knowledge, actor: str, office: str, day: date, person: str
) -> None:
    assert holders(knowledge, actor=actor, office=office, day=day) == [person]


DEFENCE_CHIEFS = [
    (Language.EN, "2016-06-20", "Defense Secretary Ash Carter said Russia must stop bombing in Syria.", "Ash Carter"),
    (Language.EN, "2016-06-20", "Ashton Carter spoke about Russia and Syria in Brussels.", "Ash Carter"),
    (Language.AR, "2016-06-20", "قال وزير الدفاع الأميركي آشتون كارتر إن على روسيا أن تتوقف في سوريا.", "Ash Carter"),
    (Language.AR, "2016-06-20", "وتحدث اشتون كارتر عن روسيا وسوريا في بروكسل.", "Ash Carter"),
    (Language.RU, "2016-06-20", "Глава Пентагона Эштон Картер заявил о позиции России в Сирии.", "Ash Carter"),
    (Language.RU, "2016-06-20", "Об этом с Россией по Сирии говорили с Эштоном Картером.", "Ash Carter"),
    (Language.EN, "2017-03-20", "Defense Secretary Jim Mattis said Russia was not yet ready in Syria.", "James Mattis"),
    (Language.AR, "2017-03-20", "أعلن وزير الدفاع الأميركي جيمس ماتيس موقفه من روسيا في سوريا.", "James Mattis"),
    (Language.RU, "2017-03-20", "С Джеймсом Мэттисом обсудили Россию и Сирию.", "James Mattis"),
    (Language.EN, "2017-03-20", "White House spokesman Sean Spicer spoke of Russia and Syria.", "Sean Spicer"),
    (Language.AR, "2016-07-14", "وقال جوش ايرنست إن روسيا وسوريا على جدول الأعمال.", "Josh Earnest"),
    (Language.AR, "2016-07-14", "وقال جوش إرنست إن روسيا وسوريا على جدول الأعمال.", "Josh Earnest"),
    (Language.RU, "2016-10-04", "Об этом Сергею Шойгу сообщили из США по Сирии.", "Sergei Shoigu"),
    (Language.AR, "2016-10-04", "وأكد سيرجي شويجو ذلك للولايات المتحدة بشأن سوريا.", "Sergei Shoigu"),
    (Language.EN, "2016-10-04", "Sergey Shoigu told the United States about Syria.", "Sergei Shoigu"),
]


@pytest.mark.parametrize(("language", "day", "text", "person"), DEFENCE_CHIEFS)
def test_a_spelling_leads_to_the_person_and_the_institution_of_the_day(
    knowledge: Knowledge, language: Language, day: str, text: str, person: str
) -> None:
    published = datetime.fromisoformat(day).replace(tzinfo=UTC)
    rules = Rules(knowledge, "us-russia-syria")
    extracted = rules.extract(Article(id="1", text=text, published_at=published), language)
    named = {(mention.person, mention.institution) for mention in extracted.mentions if mention.person}
    expected = next(
        row.institution for row in knowledge.offices if row.person == person and row.held_on(published.date())
    )
    assert (person, expected) in named
