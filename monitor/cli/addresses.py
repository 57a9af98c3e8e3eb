"""A second list of article addresses, in whatever common form it comes: one a line, JSON lines, GDELT's exports.

GDELT's files are tab-separated without a heading and known by their number of columns, as its codebooks have them.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple, TextIO

from monitor.model import ConfigError

_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_GDELT = {  # columns of the file → (column of the address, column of the day)
    61: (60, 59),  # Event 2.0: SOURCEURL, DATEADDED
    58: (57, 56),  # Event 1.0
    16: (5, 2),  # Mentions: MentionIdentifier, MentionTimeDate
    27: (4, 1),  # GKG 2.1: V2DOCUMENTIDENTIFIER, V2.1DATE
    11: (10, 0),  # GKG 1.0: SOURCEURLS, DATE
}
_SEPARATORS = re.compile(r"<UDIV>|;(?=https?://)")  # GKG 1.0 names several articles in one row


class Listed(NamedTuple):
    """An article that the second list has."""

    url: str
    title: str | None = None
    date: str | None = None


def read_list(path: Path) -> tuple[list[Listed], int]:
    """The list's articles, each address once, and how many lines held none. Raises ConfigError when it can't be read."""
    found: dict[str, Listed] = {}
    without = 0
    try:
        with _opened(path) as lines:
            for line in lines:
                listed = list(_listed(line.strip("\n\r")))
                without += not listed and bool(line.strip()) and not line.startswith("#")
                found |= {each.url: found.get(each.url, each) for each in listed}
    except (OSError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    return list(found.values()), without


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """The file, or the one file in the zip archive that GDELT packs each export into."""
    if path.suffix.lower() != ".zip":
        with path.open(encoding="utf-8", errors="replace") as lines:
            yield lines
        return
    with zipfile.ZipFile(path) as packed:
        names = packed.namelist()
        if len(names) != 1:
            raise ConfigError(f"{path}: one file is expected in it, there are {len(names)}; unpack the one you mean")
        with packed.open(names[0]) as raw:
            yield TextIOWrapper(raw, encoding="utf-8", errors="replace")


def _listed(line: str) -> Iterator[Listed]:
    if line.startswith("{"):
        yield from _from_json(line)
    elif "\t" in line:
        yield from _from_columns(line.split("\t"))
    elif match := _ADDRESS.search(line):
        yield Listed(match[0])


def _from_json(line: str) -> Iterator[Listed]:
    try:
        data = json.loads(line)
    except ValueError:
        return
    url = data.get("url")
    if isinstance(url, str) and _ADDRESS.fullmatch(url.strip()):
        yield Listed(url.strip(), *(str(data[name]) if data.get(name) else None for name in ("title", "date")))


def _from_columns(columns: list[str]) -> Iterator[Listed]:
    place = _GDELT.get(len(columns))
    if place is None:  # some other table: the first address in it
        yield from (Listed(each.strip()) for each in columns if _ADDRESS.fullmatch(each.strip()))
        return
    address, day = (columns[index] for index in place)
    for url in _SEPARATORS.split(address):
        if _ADDRESS.fullmatch(url.strip()):  # offline sources have a citation in its place
            yield Listed(url.strip(), date=_day(day))


def _day(stamp: str) -> str | None:
    """`20161003` or `20161003081500` as `2016-10-03`."""
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}" if re.fullmatch(r"\d{8}(\d{6})?", stamp) else None
