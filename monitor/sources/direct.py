"""The quick way into plain, well-formed RSS, RDF and Atom: most feeds are that, and need a fraction of feedparser's time.

What comes out is what feedparser would say of the same bytes, in its words (tests hold both equal). Whatever could be
read in more than one way is left to it: that is `None` here, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from monitor.sources.elements import DATES, HINTS, Kind, kind_of, name_of

_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_OWN_WORDS = frozenset({"image", "textinput"})  # they have titles and links of their own
_OF_AUTHOR = frozenset({"name", "email", "uri", "url", "homepage"})
_WRITTEN = {"text": "text/plain", "plain": "text/plain", "html": "text/html"}
_READABLE = frozenset({"text/plain", "text/html"})
_PLAIN_TEXT = frozenset({"content", "summary"})  # said to be HTML if it is; the others are unless said otherwise
_WHOLE = frozenset({"content", "content:encoded"})

_BASE = re.compile(rb"\bbase\s*=", re.IGNORECASE)
_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+-.]*://)/+")
_REFERENCE = re.compile(r"&([A-Za-z0-9_]+);")
_C1 = re.compile("[\x80-\x9f]")


class Raw(NamedTuple):
    """A feed's channel and items, named as feedparser names things."""

    channel: dict[str, Any]
    items: list[dict[str, Any]]


class _UnusualError(Exception):
    """This document is feedparser's."""


def read_directly(document: bytes) -> Raw | None:
    """What a plain and well-formed document holds; None if it is anything else. `document` begins at its root element."""
    if _BASE.search(document):
        return None
    try:
        root = ElementTree.fromstring(document)  # noqa: S314 -- from the root element on: no DOCTYPE, so no entities
        return _read(root, yandex=b"xmlns:yandex=" in document)
    except (ElementTree.ParseError, _UnusualError):
        return None


def _read(root: Element, *, yandex: bool) -> Raw:
    kind = name_of(root.tag)
    if kind == "feed":
        channel, items = root, _items(root)
    elif kind in {"rss", "rdf:rdf"}:
        channels = [child for child in root if kind_of(child.tag) is Kind.CHANNEL]
        if len(channels) != 1 or {name.lower() for name in channels[0].attrib} & {"lastmod", "href"}:
            raise _UnusualError
        channel = channels[0]
        items = [item for child in root for item in (_items(child) if child is channel else _itself(child))]
    else:
        raise _UnusualError
    if sum(_is_item(element.tag) for element in root.iter()) != len(items):
        raise _UnusualError  # some are where nobody looks for them
    language = root.get(_LANG) if kind != "rdf:rdf" else None
    said = _channel(channel, language=language)
    return Raw(said, [_item(item, yandex=yandex) for item in items])


def _itself(element: Element) -> list[Element]:
    return [element] if kind_of(element.tag) is Kind.ITEM else []


def _items(parent: Element) -> list[Element]:
    return [child for child in parent if kind_of(child.tag) is Kind.ITEM]


def _is_item(tag: str) -> bool:
    return tag.rpartition("}")[2].lower() in {"item", "entry"}


# --- the channel ------------------------------------------------------------------------------------


def _channel(channel: Element, *, language: str | None) -> dict[str, Any]:
    said: dict[str, Any] = {"language": language.replace("_", "-")} if language else {}
    titles = []
    for child in channel:
        kind = kind_of(child.tag)
        if kind is Kind.TITLE:
            titles += [title] if (title := _content(child)) else []
        elif kind is Kind.LANGUAGE or (kind in HINTS and not child.attrib):
            said[kind.value] = _leaf(child)
        elif kind in {Kind.SOURCE, Kind.PHOTO, Kind.CHANNEL} or (kind is not Kind.ITEM and _holds_words(child)):
            raise _UnusualError
    if len(titles) > 1:
        raise _UnusualError
    return said | ({"title": titles[0]} if titles else {})


def _holds_words(child: Element) -> bool:
    """Whether there is something inside that feedparser would take for the channel's own."""
    own = name_of(child.tag) in _OWN_WORDS
    return not own and any(kind_of(inner.tag) is not None for inner in _below(child))


# --- an item ----------------------------------------------------------------------------------------


def _item(item: Element, *, yandex: bool) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if item.attrib:
        if {name.lower() for name in item.attrib} & {"lastmod", "href"}:
            raise _UnusualError
        if about := item.get(_ABOUT):
            said["id"] = about
    photo = reset = False
    titles: list[str] = []
    for child in item:
        kind = kind_of(child.tag)
        if kind is None:
            photo = _harmless(child) or photo
            reset = reset or name_of(child.tag) in _OWN_WORDS
        elif kind is Kind.TITLE:
            titles.append(_content(child))
        elif kind is Kind.LINK:
            _link(child, said)
        elif kind in DATES:
            said[kind.value] = _leaf(child)
        elif kind is Kind.ID:
            _guid(child, said)
        elif kind is Kind.TEXT:
            _text(child, said, yandex=yandex)
        elif kind is Kind.AUTHOR:
            said["author"] = _author(child)
        elif kind is Kind.SOURCE:
            said["source"], reset = _source(child), True
        elif kind is Kind.PHOTO and not len(child):
            photo = True
        elif len(child) or not (kind in HINTS or kind is Kind.LANGUAGE):
            raise _UnusualError
    title = next((words for words in titles if words), None)
    if (photo and title is None) or (reset and (photo or len(titles) > 1)):
        raise _UnusualError
    return said if title is None else said | {"title": title}


def _harmless(element: Element) -> bool:
    """Whether there is a title in it, which is that of a photo. Unusual if anything else in it could be read as the item's."""
    photo = False
    for inner in _below(element):
        kind = kind_of(inner.tag)
        if kind is Kind.PHOTO and not len(inner):
            photo = True
        elif kind is not None:
            raise _UnusualError
    return photo


def _below(element: Element) -> Iterator[Element]:
    return (inner for child in element for inner in child.iter())


def _leaf(element: Element) -> str:
    """The words of an element that has no elements in it, as feedparser hands them on."""
    if len(element):
        raise _UnusualError
    return _mended((element.text or "").strip())


def _mended(words: str) -> str:
    """UTF-8 that was taken for Latin-1 once too often, and the places of windows-1252 that Unicode leaves to controls."""
    if words.isascii():
        return words
    with suppress(UnicodeError):
        words = words.encode("iso-8859-1").decode("utf-8")
    return _C1.sub(_of_windows, words)


def _of_windows(match: re.Match[str]) -> str:
    return match.group().encode("latin-1").decode("windows-1252", "ignore") or match.group()


def _written(element: Element, *, usual: str) -> str:
    """The media type that the element says its words have."""
    if not element.attrib:
        return usual
    said = {name.lower(): value for name, value in element.attrib.items()}
    type_ = said.get("type", usual).lower()
    type_ = _WRITTEN.get(type_, type_)
    if type_ not in _READABLE or said.get("mode") == "base64":
        raise _UnusualError
    return type_


def _content(element: Element) -> str:
    _written(element, usual="text/plain")
    return _leaf(element)


def _text(element: Element, said: dict[str, Any], *, yandex: bool) -> None:
    name = name_of(element.tag)
    if name.endswith(("full-text", "fulltext")):
        if element.attrib or (name.startswith("yandex:") and not yandex):
            raise _UnusualError
        said[name.replace(":", "_")] = _leaf(element)
        return
    type_ = _written(element, usual="text/plain" if name in _PLAIN_TEXT else "text/html")
    value = {"value": _leaf(element), "type": type_}
    if name in _WHOLE:
        said.setdefault("content", []).append(value)
    elif "summary" in said:
        raise _UnusualError  # the second of them may be the text
    else:
        said["summary"], said["summary_detail"] = value["value"], value


def _link(element: Element, said: dict[str, Any]) -> None:
    given = {name.lower(): value for name, value in element.attrib.items()} if element.attrib else {}
    address = given.get("url", given.get("uri", given.get("href")))
    if address is None:
        words = _absolute(_leaf(element)).replace("&amp;", "&")
        said["link"] = _REFERENCE.sub(r"&\g<1>", words)
        return
    if not address or len(element):
        raise _UnusualError
    rel = given.get("rel", "alternate").lower()
    type_ = given.get("type", "application/atom+xml" if rel == "self" else "text/html").lower()
    if rel == "alternate" and _WRITTEN.get(type_, type_) in {"text/html", "application/xhtml+xml", "xhtml"}:
        said["link"] = _absolute(address)


def _absolute(address: str) -> str:
    return _SLASHES.sub(r"\1", address)


def _guid(element: Element, said: dict[str, Any]) -> None:
    given = {name.lower(): value for name, value in element.attrib.items()} if element.attrib else {}
    value = _leaf(element)
    if given.get("ispermalink", "true") != "true":
        said["id"] = value
        return
    said["id"] = _absolute(value)
    said.setdefault("link", said["id"])


def _author(element: Element) -> str:
    """A name, or `name (address)` of those who give both apart."""
    if not len(element):
        return _leaf(element)
    parts: dict[str, str] = {}
    for child in element:
        part = name_of(child.tag)
        if part not in _OF_AUTHOR or len(child) or part in parts:
            raise _UnusualError
        parts[part] = (child.text or "").strip()
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        raise _UnusualError
    name, email = parts.get("name"), parts.get("email")
    return f"{name} ({email})" if name and email else name or email or ""


def _source(element: Element) -> dict[str, str]:
    if len(element):
        raise _UnusualError
    given = {name.lower(): value for name, value in element.attrib.items()}
    title = _leaf(element)
    return ({"href": given["url"]} if "url" in given else {}) | ({"title": title} if title else {})
