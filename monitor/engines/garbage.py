"""Python's collector of cycles, tuned for a process that makes many short-lived objects beside many that stay."""

from __future__ import annotations

import gc

_YOUNG, _MIDDLE, _OLD = 20_000, 20, 50


def collect_seldom() -> None:
    """Call it once all is set up: what is there by now stays, and is not looked through again.

    With Python's own numbers a poll spends up to a fifth of its time in looking through modules for garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
