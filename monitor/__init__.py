"""Stance Monitor: follows who takes which stance in Arabic, English and Russian news, with the sentence it rests on.

As a library: `monitor.analyze(text, date=…)` and `monitor.follow(documents)`; see `monitor.library`.
"""

from importlib import import_module

__version__ = "0.1.0"

_LIBRARY = ("analyze", "follow")


def __getattr__(name: str) -> object:
    # Found when asked for, so that `import monitor` costs nothing to the commands; `__init__.pyi` tells the types.
    if name in _LIBRARY:
        return getattr(import_module("monitor.library"), name)
    raise AttributeError(f"module 'monitor' has no attribute {name!r}")
