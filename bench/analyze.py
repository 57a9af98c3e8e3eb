"""How fast the analyzer reads: the gate, the full reading, start-up and memory, beside a regular expression of 300 words.

`python -m bench.analyze`. One core; texts are our own sample articles, irrelevant ones for the gate, put together to 3 KB.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from monitor.analysis import analyzer
from monitor.cli.demo.world import SeedArticle, read_world
from monitor.model import Article, Gate, Language
from monitor.settings import load_knowledge

SEEDS = Path(__file__).parent.parent / "seeds"
BYTES = 3_000
SECONDS = 2.0


def articles(*, relevant: bool) -> list[Article]:
    """Sample articles of one kind, each language in turn."""
    world = read_world(SEEDS)
    by_language = {file.language: [each for each in file.articles if each.relevant == relevant] for file in world.files}
    return [_article(each, language) for language, found in by_language.items() for each in found]


def _article(seed: SeedArticle, language: Language) -> Article:
    return Article(id=seed.id, text=seed.text, title=seed.title, published_at=seed.published, language=language)


def of_size(given: Sequence[Article]) -> list[Article]:
    """Each article repeated up to 3 KB of UTF-8."""
    return [each.model_copy(update={"text": _repeated(each.text)}) for each in given]


def _repeated(text: str) -> str:
    while len(text.encode()) < BYTES:
        text += "\n" + text
    return text.encode()[:BYTES].decode("utf-8", "ignore")


def rate(work: Callable[[Article], object], given: Sequence[Article]) -> float:
    """Articles a second, after a first round that fills caches."""
    for each in given:
        work(each)
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < SECONDS:
        for each in given:
            work(each)
        done += len(given)
    return done / (time.perf_counter() - started)


def start_up() -> float:
    """Seconds from `monitor analyze` of one short text to its answer, best of five."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.jsonl"
        path.write_text(json.dumps({"id": "1", "text": "The council met.", "date": "2016-06-30"}), encoding="utf-8")
        command = [sys.executable, "-m", "monitor", "analyze", "--format", "jsonl", str(path)]
        times = []
        for _ in range(5):
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    reader = analyzer(load_knowledge(), "us-russia-syria")
    irrelevant = of_size(articles(relevant=False))
    dropped = [each for each in irrelevant if reader.analyze(each).gate is Gate.MISSING_FACET]
    relevant = [each for each in articles(relevant=True) if reader.analyze(each).relevant]
    words = [f"слово{number}|word{number}|كلمة{number}" for number in range(100)]
    pattern = re.compile("|".join(words), re.IGNORECASE)
    figures = {
        "gate, irrelevant articles of 3 KB, articles/s": rate(reader.analyze, dropped),
        "full reading, relevant articles, articles/s": rate(reader.analyze, relevant),
        "re with 300 words, articles of 3 KB, articles/s": rate(lambda each: pattern.findall(each.text), dropped),
        "start-up of monitor analyze, s": start_up(),
        "memory, all languages loaded, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    for name, value in figures.items():
        sys.stdout.write(f"{name:52} {value:10,.2f}\n")


if __name__ == "__main__":
    main()
