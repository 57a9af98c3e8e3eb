"""Who counts as a third party between the principals is data of the topic."""

from __future__ import annotations

from functools import cache

import pytest

from monitor.analysis.rules import Rules
from monitor.analysis.views import view_of
from monitor.model import Article, Language
from monitor.settings import load_knowledge


@cache
def rules() -> Rules:
    return Rules(load_knowledge(), "us-russia-syria")


BESIDE = {
    Language.AR: (
        "اتفقت الولايات المتحدة وروسيا على هدنة مع الأمم المتحدة.",
        "اتفقت الولايات المتحدة وروسيا وتركيا على هدنة.",
    ),
    Language.EN: (
        "The United States and Russia agreed on a truce with the United Nations.",
        "The United States, Russia and Turkey agreed on a truce.",
    ),
    Language.RU: (
        "США и Россия договорились о перемирии вместе с ООН.",
        "США, Россия и Турция договорились о перемирии.",
    ),
}


@pytest.mark.parametrize("language", list(BESIDE))
def test_the_topic_says_who_is_no_third_party(language: Language) -> None:
    topic = rules()._topic
    bare = topic.model_copy(update={"peripheral": ()})
    with_un, with_turkey = (rules().extract(Article(id="v", text=text), language) for text in BESIDE[language])
    [scene] = with_un.scenes
    assert not view_of(with_un.reading, scene, topic).third
    assert view_of(with_un.reading, scene, bare).third
    [scene] = with_turkey.scenes
    assert view_of(with_turkey.reading, scene, topic).third
