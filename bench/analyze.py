"""How fast the analyzer reads: the gate, the full reading, start-up and memory, with the gate's peers in the same run.

`python -m bench.analyze`. One core, CPU time; texts are our own sample articles, irrelevant ones for the gate, put together to
3 KB. The peers look for 300 terms of the gate's own: a regular expression here; spaCy's PhraseMatcher and an embedding
with a linear layer by the Python that BENCH_PEERS_PYTHON names (see `bench/analyze_peers.py`).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from monitor.analysis import analyzer
from monitor.analysis.knowledge import Knowledge
from monitor.cli.demo.world import SeedArticle, read_world
from monitor.model import Article, Gate, Language
from monitor.settings import load_knowledge

SEEDS = Path(__file__).parent.parent / "seeds"
BYTES = 3_000
SECONDS = 2.0
TERMS = 300
TOPIC = "us-russia-syria"


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
    """Articles a second of CPU time, after a first round that fills caches."""
    for each in given:
        work(each)
    done, began = 0, time.process_time()
    while time.process_time() - began < SECONDS:
        for each in given:
            work(each)
        done += len(given)
    return done / (time.process_time() - began)


class Run(NamedTuple):
    """What a run of `monitor analyze` cost, from its start to its end."""

    wall: float
    cpu: float
    megabytes: float


def whole_run(given: Sequence[Article]) -> Run:
    """The best of five."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "documents.jsonl"
        lines = (json.dumps({"id": each.id, "text": each.text, "date": "2016-06-30"}) for each in given)
        path.write_text("\n".join(lines), encoding="utf-8")
        return min(_run(path) for _ in range(5))


def _run(path: Path) -> Run:
    command = [sys.executable, "-m", "monitor", "analyze", "--format", "jsonl", str(path)]
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = status
    if status:
        sys.exit(f"monitor analyze ended with {status}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def terms_of_gate(knowledge: Knowledge) -> list[str]:
    """Names of the topic's principals and of the war, in three languages."""
    topic = knowledge.topic(TOPIC)
    actors = [actor for actor in topic.actors if actor.id in {*topic.principals, "SYR"}]
    bundles = [facet.terms for facet in topic.facets]
    for actor in actors:
        bundles += [actor.names, actor.adjectives, actor.people, actor.metonyms]
        bundles += [terms for part in actor.institutions for terms in (part.names, part.posts)]
    terms = [term.strip("=*") for bundle in bundles for own in bundle.values() for term in own]
    people = [name for office in knowledge.offices for names in office.names.values() for name in names]
    return list(dict.fromkeys([*terms, *people]))[:TERMS]


def peers(terms: Sequence[str], given: Sequence[Article]) -> Iterator[tuple[str, float]]:
    pattern = re.compile(r"\b(?:" + "|".join(re.escape(term) for term in terms) + r")\b", re.IGNORECASE)
    yield f"re, {len(terms)} words", rate(lambda each: pattern.findall(each.text), given)
    python = os.environ.get("BENCH_PEERS_PYTHON")
    if not python:
        sys.stdout.write("(spaCy and the embedding are left out: BENCH_PEERS_PYTHON names no Python that has them)\n")
        return
    asked = {"seconds": SECONDS, "terms": list(terms), "articles": [each.text for each in given]}
    script = Path(__file__).with_name("analyze_peers.py")
    one_core = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": ""}
    done = subprocess.run(
        [python, str(script)], input=json.dumps(asked), capture_output=True, text=True, check=True, env=one_core
    )
    for line in done.stdout.splitlines():
        told = json.loads(line)
        if "error" in told:
            sys.stdout.write(f"({told['name']}: {told['error']})\n")
        else:
            yield told["name"], told["rate"]


def line(name: str, value: float, wanted: str = "") -> None:
    sys.stdout.write(f"{name:72} {value:10,.2f}  {wanted}\n")
    sys.stdout.flush()


def main() -> None:
    knowledge = load_knowledge()
    reader = analyzer(knowledge, TOPIC)
    irrelevant = of_size(articles(relevant=False))
    dropped = [each for each in irrelevant if reader.analyze(each).gate is Gate.MISSING_FACET]
    relevant = [each for each in articles(relevant=True) if reader.analyze(each).relevant]
    short = Article(id="1", text="The council met.")
    line("gate, irrelevant articles of 3 KB, articles/s and core", rate(reader.analyze, dropped), "at least 8,000")
    for name, figure in peers(terms_of_gate(knowledge), dropped):
        line(f"  peer on the same articles: {name}", figure)
    line(
        "full reading, relevant articles of about 1 KB, articles/s and core",
        rate(reader.analyze, relevant),
        "at least 150",
    )
    big = of_size(relevant)
    line("full reading, the same put together to 3 KB, articles/s and core", rate(reader.analyze, big))
    start = whole_run([short])
    line("monitor analyze of one short text, s", start.wall, "under 0.7")
    line("  of CPU time, s", start.cpu)
    line("monitor analyze of three languages, MB at most", whole_run(relevant).megabytes, "under 300")


if __name__ == "__main__":
    main()
