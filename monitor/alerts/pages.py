"""An alert's page as plain text and as HTML. Everything that comes in is one harmless line already; HTML is escaped here."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from monitor.alerts.words import right_to_left, say
from monitor.model import Language
from monitor.text.display import isolate

if TYPE_CHECKING:
    from monitor.alerts.render import Page, Side

COLOURS = {"for": "#1a7f37", "neutral": "#57606a", "against": "#b42318"}
_RIGHT_TO_LEFT_MARK = "\u200f"


def text(page: Page) -> str:
    """For readers of plain text: now first, then before. Quotes are isolated, so that each keeps its own direction."""
    lines = [f"{page.holder}: {page.turn} ({page.state})", page.why, ""]
    for side in (page.now, page.before):
        lines += [*_text_side(side, page.language), ""]
    lines += [f"{name}: {value}" for name, value in page.facts]
    if page.link:
        lines.append(f"{say('more', page.language)}: {page.link}")
    if right_to_left(page.language):
        # Programs that set plain text by the first strong letter of each line need one that is right-to-left.
        lines = [f"{_RIGHT_TO_LEFT_MARK}{line}" if line else line for line in lines]
    return "\n".join(lines) + "\n"


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


def html(page: Page) -> str:
    """For readers of HTML: a table with both stances side by side, no style sheet, script, image or remote part."""
    facts = "".join(
        f'<tr><td style="padding:2px 0;color:#57606a;vertical-align:top">{escape(name)}</td>'
        f'<td style="padding:2px 12px">{escape(value)}</td></tr>'
        for name, value in page.facts
    )
    more = f"<p>{_anchor(page.link, say('more', page.language))}</p>" if page.link else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{code(page.language)}" dir="{direction(page.language)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(page.subject)}</title></head>\n'
        f'<body dir="{direction(page.language)}" style="margin:0;padding:16px;background:#ffffff;color:#1f2328;'
        "font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans','Noto Naskh Arabic',Tahoma,sans-serif;font-size:15px;line-height:1.5\">\n"
        f'<div style="max-width:760px;margin:0 auto">\n'
        f'<h1 style="font-size:20px;margin:0 0 4px">{escape(page.holder)}: {escape(page.turn)}</h1>\n'
        f'<p style="margin:0 0 16px"><strong>{escape(page.state)}.</strong> {escape(page.why)}</p>\n'
        '<table role="presentation" width="100%" cellspacing="0" cellpadding="0" style="border-collapse:collapse"><tr>\n'
        f"{_html_side(page.before, page.language)}\n"
        f'<td width="16"></td>\n{_html_side(page.now, page.language)}\n</tr></table>\n'
        f'<table style="margin-top:16px;font-size:13px;border-collapse:collapse">{facts}</table>\n{more}'
        "</div></body></html>\n"
    )


def _html_side(side: Side, language: Language) -> str:
    colour = COLOURS[side.side]
    edge = "right" if right_to_left(language) else "left"
    quoted = f'lang="{code(side.quote_language)}" dir="{direction(side.quote_language)}"'
    parts = [
        f'<td width="49%" style="vertical-align:top;padding:12px;border:1px solid #d0d7de;border-{edge}:4px solid {colour}">',
        f'<div style="font-size:12px;color:#57606a">{escape(side.heading)}</div>',
        f'<div style="font-size:17px;font-weight:bold;color:{colour}">{escape(side.stance)}</div>',
        f'<blockquote {quoted} style="margin:8px 0;font-size:16px">{escape(side.quote)}</blockquote>',
    ]
    if side.conditions:
        shown = "; ".join(f"<bdi {quoted}>{escape(each)}</bdi>" for each in side.conditions)
        parts.append(f'<div style="font-size:13px">{escape(say("conditions", language))}: {shown}</div>')
    parts.append(f"<div><strong>{escape(side.speaker)}</strong></div>")
    parts.append(f'<div style="font-size:13px;color:#57606a">{escape(side.source)}</div>')
    if side.title or side.link:
        words = side.title or say("open", language)
        shown = _anchor(side.link, words) if side.link else escape(words)
        parts.append(f'<div style="font-size:13px"><bdi>{shown}</bdi></div>')
    basis = f"{escape(say('read', language))}: <bdi>{escape(side.basis)}</bdi>"
    parts.append(f'<div style="font-size:12px;color:#57606a;margin-top:6px">{basis}</div></td>')
    return "".join(parts)


def _anchor(link: str, words: str) -> str:
    return f'<a href="{escape(link)}" rel="noopener noreferrer" style="color:#0969da">{escape(words)}</a>'


def code(language: Language) -> str:
    return "und" if language is Language.OTHER else language.value


def direction(language: Language) -> str:
    if language is Language.OTHER:
        return "auto"
    return "rtl" if right_to_left(language) else "ltr"
