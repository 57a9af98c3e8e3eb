"""Markup from outside becomes plain text: lines kept, scripts dropped, nothing left that a page could run."""

from __future__ import annotations

import html
import re

from lxml import etree

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)
_DROPPED = frozenset(
    [
        "applet",
        "audio",
        "button",
        "canvas",
        "embed",
        "head",
        "iframe",
        "input",
        "link",
        "math",
        "meta",
        "noembed",
        "noscript",
        "object",
        "script",
        "select",
        "style",
        "svg",
        "template",
        "textarea",
        "title",
        "video",
    ]
)
_CELLS = frozenset({"td", "th"})
# C0 and C1 but for tab and line feed; lone surrogates and NUL cannot be stored.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_OTHER_SPACES = re.compile(r"[\t\xa0\u2000-\u200a\u202f\u205f\u3000]")
_MANY_SPACES = re.compile(r"  +")
_BREAKS = re.compile(r" ?(?:\r\n?|\n|\x85|\u2028|\u2029) ?")
_MANY_BREAKS = re.compile(r"\n{2,}")
# Tags of plain paragraphs, attributes quoted: most feeds send nothing else, and need no parser for it.
_SIMPLE = re.compile(
    r"""</?(p|br|div|b|i|em|strong|a|span|ul|li)(?:\s+[a-zA-Z][\w:-]*=(?:"[^"<>]*"|'[^'<>]*'))*\s*/?>""", re.IGNORECASE
)
_RAW = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|$)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[/!?a-zA-Z][^<>]*>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def tidy(text: str) -> str:
    """Plain text without control characters, one paragraph a line; runs of spaces become one."""
    if text.isprintable() and "  " not in text:
        return text.strip()  # most titles and names
    lines = text.split("\n")
    if all(line.isprintable() and "  " not in line for line in lines):
        return "\n".join(words for line in lines if (words := line.strip()))  # most texts
    text = _CONTROLS.sub("", text)
    text = _MANY_SPACES.sub(" ", _OTHER_SPACES.sub(" ", text))
    text = _BREAKS.sub("\n", text)
    return _MANY_BREAKS.sub("\n", text).strip()


def plain(markup: str) -> str:
    """The text of an HTML fragment, one paragraph a line, harmless. Text without markup comes back tidied."""
    if "<" not in markup:
        return tidy(html.unescape(markup) if "&" in markup else markup)
    simple = _SIMPLE.sub(_simple_tag, markup.replace("\r", " ").replace("\n", " "))
    if "<" not in simple:
        return tidy(html.unescape(simple) if "&" in simple else simple)
    return _by_tree(markup)


def _simple_tag(match: re.Match[str]) -> str:
    return "\n" if match.group(1).lower() in _BLOCKS else ""


def _by_tree(markup: str) -> str:
    root = _tree(markup)
    if root is None:
        return tidy(html.unescape(_TAG.sub("\n", _RAW.sub("", markup))))
    pieces: list[str] = []
    _collect(root, pieces)
    return tidy("".join(pieces))


def heading(markup: str) -> str:
    """`plain` on one line; an escaped entity that survived a careless publisher (`&amp;quot;`) is resolved too."""
    text = " ".join(plain(markup).split())
    return " ".join(tidy(html.unescape(text)).split()) if _ENTITY.search(text) else text


def _tree(markup: str) -> etree._Element | None:
    """The fragment as a tree; None where the parser gives up."""
    # A parser of its own each time: lxml's are not to be shared between threads.
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = etree.fromstring(markup.replace("\0", "").encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    # Beyond 256 levels libxml2 drops what is nested deeper: better rough text than lost text.
    return None if any("depth" in entry.message for entry in parser.error_log) else root


def _collect(root: etree._Element, pieces: list[str]) -> None:
    """Text in reading order. A loop and not recursion: feeds nest as deep as they like."""
    skipping: etree._Element | None = None
    for step, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag
        if step == "start":
            if skipping is not None:
                continue
            if tag in _DROPPED:
                skipping = element
                continue
            if tag in _BLOCKS:
                pieces.append("\n")
            if element.text:
                pieces.append(_flow(element.text, pre=tag == "pre"))
            continue
        if skipping is element:
            skipping = None
        elif skipping is not None:
            continue
        elif tag in _BLOCKS and tag != "br":
            pieces.append("\n")
        elif tag in _CELLS:
            pieces.append(" ")
        if element.tail and skipping is None:
            pieces.append(_flow(element.tail))


def _flow(text: str, *, pre: bool = False) -> str:
    """A line break in HTML source is a space."""
    return text if pre else text.replace("\r", " ").replace("\n", " ")
