"""A new language or a new topic is data: YAML files beside the shipped ones, and nothing else."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.analysis.knowledge import Knowledge
from monitor.analysis.rules import Rules
from monitor.model import Article, Finding, Gate, Language, Side
from monitor.settings import KNOWLEDGE, load_knowledge

TOY = Path(__file__).parent / "toy"


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """The shipped knowledge with one more language and one more topic put beside it, as an analyst would."""
    folder = tmp_path_factory.mktemp("knowledge") / "knowledge"
    shutil.copytree(KNOWLEDGE, folder)
    shutil.copytree(TOY, folder, dirs_exist_ok=True)
    return load_knowledge(folder)


def read(knowledge: Knowledge, text: str, language: Language) -> Finding:
    article = Article(id="1", text=text, language=language, published_at=datetime(2021, 7, 6, tzinfo=UTC))
    return Rules(knowledge, "nile-dam").analyze(article)


AGAINST = {
    Language.EN: (
        "Ethiopia rejected an Egyptian proposal to coordinate the filling of the dam on Tuesday. "
        "The Ethiopian government said it refuses any agreement with Egypt on the reservoir."
    ),
    Language.OTHER: (
        "Etiopio malakceptis la egiptan proponon kunordigi la plenigon de la baraĵo. "
        "La etiopa registaro diris ke ĝi rifuzas ĉian interkonsenton kun Egipto pri la baraĵo."
    ),
}
FOR = {
    Language.EN: (
        "Egypt agreed on Tuesday to coordinate the filling of the dam with Ethiopia. "
        "Cairo said it is ready to cooperate with Ethiopia and will resume the talks on the reservoir."
    ),
    Language.OTHER: (
        "Egipto konsentis kunordigi la plenigon de la baraĵo kun Etiopio. "
        "Kairo diris ke ĝi estas preta kunlabori kun Etiopio kaj rekomencos la intertraktadojn pri la baraĵo."
    ),
}


@pytest.mark.parametrize("language", [Language.EN, Language.OTHER])
def test_a_refusal_in_the_new_topic_is_coded_against_for_the_one_who_refuses(
    extended: Knowledge, language: Language
) -> None:
    finding = read(extended, AGAINST[language], language)
    assert finding.relevant, finding.reason
    assert {event.actor: event.stance.side for event in finding.events}.get("ETH") is Side.AGAINST


@pytest.mark.parametrize("language", [Language.EN, Language.OTHER])
def test_an_agreement_in_the_new_topic_is_coded_for(extended: Knowledge, language: Language) -> None:
    finding = read(extended, FOR[language], language)
    assert finding.relevant, finding.reason
    assert {event.actor: event.stance.side for event in finding.events}.get("EGY") is Side.FOR
    assert all(event.evidence.holds_in(FOR[language]) for event in finding.events)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (Language.EN, "Egypt beat Sudan in a football match on Tuesday, two goals to one."),
        (Language.OTHER, "Egipto venkis Sudanon en futbala matĉo, du golojn kontraŭ unu."),
    ],
)
def test_what_lacks_a_part_of_the_new_topic_is_left_at_the_gate(
    extended: Knowledge, language: Language, text: str
) -> None:
    finding = read(extended, text, language)
    assert (finding.relevant, finding.gate) == (False, Gate.MISSING_FACET)
    assert "Ethiopia" in finding.reason


def test_the_shipped_topic_reads_as_before_beside_the_new_one(extended: Knowledge) -> None:
    text = "Moscow said on Monday it suspended the memorandum with the United States on flight safety over Syria."
    article = Article(id="1", text=text, language=Language.EN, published_at=datetime(2017, 4, 7, tzinfo=UTC))
    alone, beside = (Rules(each, "us-russia-syria").analyze(article) for each in (load_knowledge(), extended))
    assert alone == beside
    assert alone.relevant


def test_gaps_name_the_topic_the_place_and_the_language(extended: Knowledge) -> None:
    gaps = extended.gaps()
    assert "topics/nile-dam.yaml: facet 'dam' has no terms in ar" in gaps
    assert "topics/nile-dam.yaml: actor ETH has no terms in ru" in gaps
    assert "languages/other.yaml: no terms for concept 'veto'" in gaps
    assert not [gap for gap in gaps if gap.startswith("topics/nile-dam.yaml") and gap.endswith(" in en")]
