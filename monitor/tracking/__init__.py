"""Follows an actor's stance through time; says whether it changed, and why. Pure.

The pipeline needs one call per event, in the order of `in_order`: `advance(tracks, report, policy)` with all tracks of the actor on the topic (locked,
in sorted order). It gives the tracks to save and at most one change. `step` is the same for a single track.
"""

from monitor.tracking.countries import Advance, advance, country, in_order
from monitor.tracking.steps import judge, settle, step
from monitor.tracking.verdicts import Step, Verdict
from monitor.tracking.voices import Wire, Wires, adapt, credited_wire, own_outlet, voice_of

__all__ = [
    "Advance",
    "Step",
    "Verdict",
    "Wire",
    "Wires",
    "adapt",
    "advance",
    "country",
    "credited_wire",
    "in_order",
    "judge",
    "own_outlet",
    "settle",
    "step",
    "voice_of",
]
