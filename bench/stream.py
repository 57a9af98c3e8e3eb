"""False alarms on a stream that is nearly all irrelevant: `python -m bench.stream [--articles 3000] [--gold ../shared/gold]`.

A generator puts articles together from `bench/stream.yaml` (our own sentences and slots in three languages, fifteen kinds with the
share each has on a foreign desk, near misses among them), all different. Beside it: the labelled texts, for what the
threshold of `verdict` costs in recall. Counts are per 1,000 articles; the same seed gives the same stream.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from bench.cases import all_cases
from monitor.analysis import analyzer
from monitor.evaluation import Labelled, read_labelled
from monitor.model import Analyzer, Article, Finding, Gate, Language
from monitor.settings import load_knowledge, read_model

SOURCE = Path(__file__).parent / "stream.yaml"
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_FIRST, _DAYS = datetime(2015, 10, 1, 12, tzinfo=UTC), 1_500
_SLOT = re.compile(r"\{(\w+)\}")


class Kind(BaseModel):
    """A kind of news: its share of a hundred articles, and sentences by language."""

    model_config = ConfigDict(extra="forbid")

    share: int
    near: bool = False
    en: tuple[str, ...] = Field(min_length=5)
    ar: tuple[str, ...] = Field(min_length=5)
    ru: tuple[str, ...] = Field(min_length=5)

    def sentences(self, language: Language) -> tuple[str, ...]:
        return {Language.EN: self.en, Language.AR: self.ar, Language.RU: self.ru}[language]


class Stream(BaseModel):
    """`stream.yaml`."""

    model_config = ConfigDict(extra="forbid")

    slots: dict[Language, dict[str, tuple[str, ...]]]
    kinds: dict[str, Kind]


class Item(NamedTuple):
    kind: str
    near: bool
    article: Article


LANGUAGES = (Language.AR, Language.EN, Language.RU)


def generated(count: int, *, seed: int = 0) -> Iterator[Item]:
    """That many articles, no two alike, each language in turn, kinds by their shares."""
    source, chance = read_model(SOURCE, Stream), random.Random(seed)
    names = list(source.kinds)
    shares = [source.kinds[name].share for name in names]
    seen: set[str] = set()
    while len(seen) < count:
        language = LANGUAGES[len(seen) % len(LANGUAGES)]
        [name] = chance.choices(names, shares)
        kind = source.kinds[name]
        text = _text(kind, source.slots[language], language, chance)
        if text in seen:
            continue
        seen.add(text)
        day = _FIRST + timedelta(days=chance.randrange(_DAYS))
        yield Item(name, kind.near, Article(id=f"{name}-{len(seen)}", text=text, language=language, published_at=day))


def _text(kind: Kind, slots: dict[str, tuple[str, ...]], language: Language, chance: random.Random) -> str:
    """Three to all of the kind's sentences in any order but the first, now and then with the start of another paragraph."""
    first, *rest = kind.sentences(language)
    chosen = [first, *chance.sample(rest, chance.randint(2, len(rest)))] if chance.random() < 0.7 else list(rest)
    parts = [_filled(sentence, slots, chance) for sentence in chosen]
    return "".join(part + (" " if chance.random() < 0.7 else "\n") for part in parts).strip()


def _filled(sentence: str, slots: dict[str, tuple[str, ...]], chance: random.Random) -> str:
    filled = _SLOT.sub(lambda match: chance.choice(slots[match[1]]), sentence)
    return filled[:1].upper() + filled[1:]


# --- measuring ----------------------------------------------------------------------------------


def chance_of(finding: Finding) -> float:
    """How sure the analyzer is that the article is relevant; 0 where the gate dropped it."""
    if finding.gate is Gate.PASSED:
        return finding.confidence
    return 1 - finding.confidence if finding.gate is Gate.OFF_TARGET else 0.0


class Read(NamedTuple):
    item: Item
    finding: Finding


def per_thousand(part: int, whole: int) -> str:
    return f"{1000 * part / whole:9.1f}" if whole else "        –"


def tell_stream(read: Sequence[Read]) -> None:
    sys.stdout.write(f"{len(read)} generated articles, none relevant; per 1,000 articles\n")
    sys.stdout.write("                 articles  past gate  called relevant  with events\n")
    rows: list[tuple[str, list[Read]]] = [("all", list(read))]
    rows += [
        (language.value, [each for each in read if each.item.article.language is language]) for language in LANGUAGES
    ]
    rows += [
        ("near misses", [each for each in read if each.item.near]),
        ("the rest", [e for e in read if not e.item.near]),
    ]
    rows += [(kind, [e for e in read if e.item.kind == kind]) for kind in dict.fromkeys(e.item.kind for e in read)]
    for name, few in rows:
        passed = sum(each.finding.gate in {Gate.PASSED, Gate.OFF_TARGET} for each in few)
        wrong = sum(each.finding.relevant for each in few)
        evented = sum(bool(each.finding.events) for each in few)
        figures = [per_thousand(count, len(few)) for count in (passed, wrong, evented)]
        sys.stdout.write(f"{name:16} {len(few):8}  {figures[0]}        {figures[1]}    {figures[2]}\n")


def tell_gold(documents: Sequence[Labelled], reader: Analyzer, name: str) -> list[tuple[Labelled, Finding]]:
    read = [(document, reader.analyze(document.article())) for document in documents]
    irrelevant = [finding for document, finding in read if not document.relevant]
    wrong = [finding for finding in irrelevant if finding.relevant]
    sys.stdout.write(
        f"{name}: {len(irrelevant)} irrelevant of {len(read)}; {len(wrong)} called relevant, "
        f"{sum(bool(finding.events) for finding in wrong)} with events ({sum(len(f.events) for f in wrong)} events)\n"
    )
    return read


def tell_curve(read: Sequence[Read], gold: Sequence[tuple[Labelled, Finding]], now: float) -> None:
    """What each threshold of the last word on relevance would let through, and lose."""
    stream = [chance_of(each.finding) for each in read]
    relevant = [chance_of(finding) for document, finding in gold if document.relevant]
    others = [chance_of(finding) for document, finding in gold if not document.relevant]
    sys.stdout.write(
        f"\nthreshold of verdict (now {now}): false alarms per 1,000 of the stream, and the labelled texts\n"
    )
    sys.stdout.write(
        "threshold  alarms per 1,000  recall  irrelevant called relevant  precision at 1 relevant in 100\n"
    )
    for threshold in sorted({*THRESHOLDS, now}):
        alarms = sum(chance >= threshold for chance in stream) / len(stream)
        recall = sum(chance >= threshold for chance in relevant) / len(relevant)
        wrong = sum(chance >= threshold for chance in others) / len(others)
        precision = recall / (recall + 99 * alarms) if recall else 0.0
        sys.stdout.write(f"{threshold:9.2f}  {1000 * alarms:16.1f}  {recall:6.3f}  {wrong:26.3f}  {precision:30.3f}\n")


def labelled(folder: Path) -> list[Labelled]:
    """What is not held back."""
    found = [document for path in sorted(folder.glob("*.jsonl")) for document in read_labelled(path)]
    return [document for document in found if not document.held_back]


def read_all(items: Iterable[Item], reader: Analyzer) -> list[Read]:
    return [Read(item, reader.analyze(item.article)) for item in items]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--gold", type=Path, default=Path("../shared/gold"))
    parser.add_argument("--show", metavar="KIND", help="print the false alarms of a kind")
    options = parser.parse_args()
    knowledge = load_knowledge()
    reader = analyzer(knowledge, "us-russia-syria")
    read = read_all(generated(options.articles, seed=options.seed), reader)
    tell_stream(read)
    for each in read:
        if each.item.kind == options.show and each.finding.relevant:
            sys.stdout.write(f"\n{chance_of(each.finding):.2f} {each.item.article.text}\n  {each.finding.reason}\n")
    sys.stdout.write("\n")
    cases = [case for case in all_cases() if case.use == "measure"]
    gold = tell_gold(cases, reader, "cases that never train")
    if options.gold.is_dir():
        gold = tell_gold(labelled(options.gold), reader, "labelled texts, not held back (most of them fitted on)")
    tell_curve(read, gold, knowledge.models["verdict"].threshold)


if __name__ == "__main__":
    main()
