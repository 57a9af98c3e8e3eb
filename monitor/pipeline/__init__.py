"""The three steps, each for one row: collect a feed, analyze an article, deliver an alert."""

from monitor.pipeline.pools import Pools
from monitor.pipeline.reading import Reading, read
from monitor.pipeline.second import SecondReader, StoredBudget
from monitor.pipeline.steps import Pipeline, Poller
from monitor.pipeline.waits import analysis_wait, delivery_wait

__all__ = [
    "Pipeline",
    "Poller",
    "Pools",
    "Reading",
    "SecondReader",
    "StoredBudget",
    "analysis_wait",
    "delivery_wait",
    "read",
]
