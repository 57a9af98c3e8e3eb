"""An alert's page, or several, as plain text and as HTML. What comes in is harmless lines already; HTML is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from monitor.alerts.words import right_to_left, say
from monitor.model import Language
from monitor.text.display import isolate

if TYPE_CHECKING:
    from monitor.alerts.render import Page, Pages, Side

COLOURS = {"for": "#1a7f37", "neutral": "#57606a", "against": "#b42318"}
_RIGHT_TO_LEFT_MARK = "\u200f"
_RULE = "· · ·"
_SIZES = {"h1": "20px", "h2": "17px"}

# Readers that know style sheets get a dark page on a dark screen, and both stances one below the other on a phone; all
# others get what stands in the elements themselves.
_STYLE = (
    "<style>:root{color-scheme:light dark}"
    "@media (prefers-color-scheme:dark){body{background:#0d1117!important;color:#e6edf3!important}"
    ".muted{color:#9198a1!important}.card{border-color:#3d444d!important}a{color:#58a6ff!important}"
    ".for{color:#3fb950!important}.neutral{color:#9198a1!important}.against{color:#ff7b72!important}"
    ".edge-for{border-inline-start-color:#3fb950!important}.edge-neutral{border-inline-start-color:#9198a1!important}"
    ".edge-against{border-inline-start-color:#ff7b72!important}.note{background:#272115!important}}"
    "@media (max-width:560px){.card{display:block!important;width:auto!important}.gap{display:block!important;height:12px}}"
    "</style>"
)
_FONT = (
    "font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans','Noto Naskh Arabic',Tahoma,sans-serif;"
    "font-size:15px;line-height:1.5"
)


def text(page: Page) -> str:
    """For readers of plain text: now first, then before. Quotes are isolated, so that each keeps its own direction."""
    return _set([*page.notes, *([""] if page.notes else []), *_text_change(page)], page.language)


def group_text(pages: Pages) -> str:
    """Several changes: their headlines, then each as it would stand alone."""
    lines = [pages.subject, *pages.notes, ""]
    lines += [f"{number}. {headline(page)}" for number, page in enumerate(pages.pages, 1)]
    for number, page in enumerate(pages.pages, 1):
        own = [*(note for note in page.notes if note not in pages.notes), *_text_change(page)]
        lines += ["", _RULE, "", f"{number}.", *own]
    return _set(lines, pages.language)


def headline(page: Page) -> str:
    return f"{page.holder}: {page.turn} ({page.state})"


def _set(lines: Sequence[str], language: Language) -> str:
    if right_to_left(language):
        # Programs that set plain text by the first strong letter of each line need one that is right-to-left.
        lines = [f"{_RIGHT_TO_LEFT_MARK}{line}" if line else line for line in lines]
    return "\n".join(lines) + "\n"


def _text_change(page: Page) -> list[str]:
    lines = [headline(page), page.why, ""]
    for side in (page.now, page.before):
        lines += [*_text_side(side, page.language), ""]
    lines += [f"{name}: {value}" for name, value in page.facts]
    if page.link:
        lines.append(f"{say('more', page.language)}: {page.link}")
    return lines


def _text_side(side: Side, language: Language) -> list[str]:
    lines = [f"{side.heading.upper()}: {side.stance}", f"  {isolate(side.quote)}"]
    if side.conditions:
        shown = "; ".join(isolate(each) for each in side.conditions)
        lines.append(f"  {say('conditions', language)}: {shown}")
    lines += [f"  {side.speaker}", f"  {side.source}"]
    if side.title:
        lines.append(f"  {isolate(side.title)}")
    if side.link:
        lines.append(f"  {side.link}")
    return [*lines, f"  {say('read', language)}: {isolate(side.basis)}"]


# --- HTML -----------------------------------------------------------------------------------------


def html(page: Page) -> str:
    """For readers of HTML: a table with both stances side by side, no script, image or remote part."""
    return document(page.subject, f"{_notes(page.notes)}{_html_change(page)}", language=page.language)


def group_html(pages: Pages) -> str:
    """Several changes one below the other, their headlines first."""
    headlines = "".join(
        f'<li><a href="#c{number}" style="color:#0969da">{escape(headline(page))}</a></li>'
        for number, page in enumerate(pages.pages, 1)
    )
    changes = "".join(
        f'<hr class="card" style="border:0;border-top:1px solid #d0d7de;margin:28px 0 20px"><div id="c{number}">'
        f"{_notes(note for note in page.notes if note not in pages.notes)}{_html_change(page, heading='h2')}</div>\n"
        for number, page in enumerate(pages.pages, 1)
    )
    body = (
        f'<h1 style="font-size:20px;margin:0 0 8px">{escape(pages.subject)}</h1>\n{_notes(pages.notes)}'
        f'<ol style="margin:0;padding-inline-start:24px">{headlines}</ol>\n{changes}'
    )
    return document(pages.subject, body, language=pages.language)


def document(title: str, body: str, *, language: Language) -> str:
    """A whole page that a mail program shows alike in any frame: its own width, direction, light and dark."""
    return (
        f'<!DOCTYPE html>\n<html lang="{code(language)}" dir="{direction(language)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title>{_STYLE}</head>\n"
        f'<body dir="{direction(language)}" style="margin:0;padding:16px;background:#ffffff;color:#1f2328;{_FONT}">\n'
        f'<div style="max-width:760px;margin:0 auto">\n{body}</div></body></html>\n'
    )


def _notes(notes: Iterable[str]) -> str:
    return "".join(
        f'<p class="note" style="margin:0 0 12px;padding:8px 12px;background:#fff8c5">{escape(note)}</p>\n'
        for note in notes
    )


def _html_change(page: Page, *, heading: str = "h1") -> str:
    facts = "".join(
        f'<tr><td class="muted" style="padding:2px 0;color:#57606a;vertical-align:top">{escape(name)}</td>'
        f'<td style="padding:2px 12px">{escape(value)}</td></tr>'
        for name, value in page.facts
    )
    more = f"<p>{_anchor(page.link, say('more', page.language))}</p>" if page.link else ""
    return (
        f'<{heading} style="font-size:{_SIZES[heading]};margin:0 0 4px">{escape(page.holder)}: {escape(page.turn)}</{heading}>\n'
        f'<p style="margin:0 0 16px"><strong>{escape(page.state)}.</strong> {escape(page.why)}</p>\n'
        '<table role="presentation" width="100%" cellspacing="0" cellpadding="0" style="border-collapse:collapse"><tr>\n'
        f"{_html_side(page.before, page.language)}\n"
        f'<td width="16" class="gap"></td>\n{_html_side(page.now, page.language)}\n</tr></table>\n'
        f'<table style="margin-top:16px;font-size:13px;border-collapse:collapse">{facts}</table>\n{more}'
    )


def _html_side(side: Side, language: Language) -> str:
    colour = COLOURS[side.side]
    edge = "right" if right_to_left(language) else "left"
    quoted = f'lang="{code(side.quote_language)}" dir="{direction(side.quote_language)}"'
    parts = [
        (
            f'<td width="49%" class="card edge-{side.side}" style="vertical-align:top;padding:12px;border:1px solid #d0d7de;'
            f'border-{edge}:4px solid {colour}">'
        ),
        f'<div class="muted" style="font-size:12px;color:#57606a">{escape(side.heading)}</div>',
        f'<div class="{side.side}" style="font-size:17px;font-weight:bold;color:{colour}">{escape(side.stance)}</div>',
        f'<blockquote {quoted} style="margin:8px 0;font-size:16px">{escape(side.quote)}</blockquote>',
    ]
    if side.conditions:
        shown = "; ".join(f"<bdi {quoted}>{escape(each)}</bdi>" for each in side.conditions)
        parts.append(f'<div style="font-size:13px">{escape(say("conditions", language))}: {shown}</div>')
    parts.append(f"<div><strong>{escape(side.speaker)}</strong></div>")
    parts.append(f'<div class="muted" style="font-size:13px;color:#57606a">{escape(side.source)}</div>')
    if side.title or side.link:
        words = side.title or say("open", language)
        shown = _anchor(side.link, words) if side.link else escape(words)
        parts.append(f'<div style="font-size:13px"><bdi>{shown}</bdi></div>')
    basis = f"{escape(say('read', language))}: <bdi>{escape(side.basis)}</bdi>"
    parts.append(f'<div class="muted" style="font-size:12px;color:#57606a;margin-top:6px">{basis}</div></td>')
    return "".join(parts)


def _anchor(link: str, words: str) -> str:
    return f'<a href="{escape(link)}" rel="noopener noreferrer" style="color:#0969da">{escape(words)}</a>'


def code(language: Language) -> str:
    return "und" if language is Language.OTHER else language.value


def direction(language: Language) -> str:
    if language is Language.OTHER:
        return "auto"
    return "rtl" if right_to_left(language) else "ltr"
