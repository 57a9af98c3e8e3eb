"""Builds the documentation as a small site and the man page: `python -m docs.publish FOLDER`.

The reference of commands, settings and both APIs is made from the code (`reference.py`), so that it cannot lag behind.
"""

from __future__ import annotations

import re
import shutil
import sys
from html import escape
from pathlib import Path

import markdown
import typer.main

from docs.reference import ENVIRONMENT, commands, pages, parameters
from monitor import __version__
from monitor.cli.app import app

DOCS = Path(__file__).parent
STYLE = DOCS.parent / "monitor" / "web" / "static" / "style.css"
_PARTS = {  # what is not named here stands last, by name
    "Use": ("guide", "howto", "glossary"),
    "Reference": ("reference", "reference-settings", "reference-api", "reference-python"),
    "Run": ("operations", "deploy", "collecting", "alerts"),
    "Understand": ("accuracy", "knowledge", "design", "store", "web", "commands"),
}
_OWN_STYLE = """
.site { display:grid; grid-template-columns:13rem minmax(0, 1fr) 13rem; max-width:96rem; margin:0 auto; gap:0 1.2rem } .docs main { max-width:none; margin:0; border-radius:0; width:100% } .docs header { max-width:96rem }
.side { display:block; padding:1rem; font-size:.92rem } .side h2 { font-size:.8rem; text-transform:uppercase; letter-spacing:.05em; color:var(--soft); margin:1rem 0 .2rem } .side ul { list-style:none; margin:0; padding:0 }
.side a { display:block; padding:.15rem .5rem; text-decoration:none; color:var(--ink) } .side a:hover { text-decoration:underline } .side a[aria-current] { background:var(--conditional-bg); color:var(--conditional) } .within { position:sticky; top:0; max-height:100vh; overflow-y:auto; align-self:start }
.docs h2[id], .docs h3[id] { scroll-margin-top:1rem } pre { overflow-x:auto; padding:.8rem; background:var(--panel); border:1px solid var(--line); border-radius:.5rem; unicode-bidi:plaintext; font-size:.88rem; line-height:1.5 }
code { background:var(--panel); padding:.05em .25em; border-radius:.25em } pre code { background:none; padding:0 } .docs td:first-child { white-space:nowrap } .docs main img { max-width:100%; height:auto; border:1px solid var(--line); border-radius:.5rem; box-shadow:0 2px 8px rgb(0 0 0 / 12%) }
@media (max-width:64rem) { .site { grid-template-columns:12rem minmax(0, 1fr) } .within { display:none } } @media (max-width:44rem) { .site { display:block } }
"""


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m docs.publish FOLDER")
    folder = Path(sys.argv[1])
    publish(folder)
    sys.stdout.write(f"wrote {folder / 'index.html'} and {folder / 'monitor.1'}\n")


def publish(folder: Path) -> None:
    """The pages as HTML with one style sheet and no script, `index.html` first, and `monitor.1`."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {page.stem: page.read_text(encoding="utf-8") for page in sorted(DOCS.glob("*.md"))}
    texts |= pages()
    for name in texts:
        (folder / f"{name}.html").write_text(_page(name, texts), encoding="utf-8")
    (folder / "index.html").write_text(_page("guide", texts), encoding="utf-8")
    for name in ("pictures", "deploy"):
        shutil.copytree(DOCS / name, folder / name, dirs_exist_ok=True)
    (folder / "style.css").write_text(STYLE.read_text(encoding="utf-8") + _OWN_STYLE, encoding="utf-8")
    (folder / "monitor.1").write_text(man(), encoding="utf-8")


def _page(name: str, texts: dict[str, str]) -> str:
    text = texts[name]
    body = markdown.markdown(text, extensions=["tables", "fenced_code", "toc", "attr_list"])
    # Pages of the site have no .md; what leads out of docs/ has no page here and stays words.
    body = re.sub(r'href="([a-z_-]+)\.md(#[^"]*)?"', r'href="\1.html\2"', body)
    body = re.sub(r'<a href="\.\./[^"]*">(.*?)</a>', r"\1", body)
    # A wide table or a long line scrolls by itself, and the keyboard reaches it.
    body = body.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")
    body = body.replace("<pre>", '<pre tabindex="0">')
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(_title(text))} · Stance Monitor</title><link rel=stylesheet href=style.css></head>"
        '<body class="docs"><a class="skip" href="#content">Skip to content</a>'
        f'<div class="top"><header><strong><a href="index.html">Stance Monitor {__version__}</a></strong></header></div>'
        f'<div class="site"><nav class="side" aria-label="Pages">{_menu(name, texts)}</nav>'
        f'<main id="content">{body}</main><nav class="side within" aria-label="On this page">{_within(body)}</nav></div></body></html>\n'
    )


def _menu(here: str, texts: dict[str, str]) -> str:
    named = {name for names in _PARTS.values() for name in names}
    parts = {**_PARTS, "More": tuple(sorted(set(texts) - named))}
    return "".join(
        f"<h2>{part}</h2><ul>{''.join(_link(name, here, texts) for name in names if name in texts)}</ul>"
        for part, names in parts.items()
        if names
    )


def _link(name: str, here: str, texts: dict[str, str]) -> str:
    current = ' aria-current="page"' if name == here else ""
    return f'<li><a href="{name}.html"{current}>{escape(_title(texts[name]))}</a></li>'


def _within(body: str) -> str:
    """The headings of the page."""
    found = re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', body)
    links = "".join(f'<li><a href="#{place}">{words}</a></li>' for place, words in found)
    return f"<ul>{links}</ul>" if links else ""


def _title(text: str) -> str:
    return text.partition("\n")[0].lstrip("# ").strip()


# --- the man page ------------------------------------------------------------------------------


def man() -> str:
    """The man page, section 1."""
    lines = [
        f'.TH MONITOR 1 "" "stance-monitor {__version__}"',
        ".SH NAME",
        r"monitor \- follows who takes which stance in the news",
    ]
    lines += [".SH SYNOPSIS", ".B monitor", r"[\fIcommand\fR] [\fIoptions\fR]", ".SH COMMANDS"]
    for name, command in commands(typer.main.get_command(app)):
        lines += [f".SS {_roff(name)}", _roff(" ".join((command.help or "").split()))]
        for option, words in parameters(command):
            lines += [".TP", rf"\fB{_roff(option)}\fR", _roff(words) or r"\&"]
    lines.append(".SH ENVIRONMENT")
    for name, words in ENVIRONMENT.items():
        lines += [".TP", rf"\fB{_roff(name)}\fR", _roff(words.replace("`", ""))]
    return "\n".join(lines) + "\n"


def _roff(text: str) -> str:
    """Plain words in roff: backslashes, hyphens and leading dots are commands there."""
    plain = text.replace("\\", r"\e").replace("-", r"\-")
    plain = "".join(char if char.isascii() else rf"\[u{ord(char):04X}]" for char in plain)
    return rf"\&{plain}" if plain.startswith((".", "'")) else plain


if __name__ == "__main__":
    main()
