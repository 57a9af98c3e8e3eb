"""Words of the reader's own: Jinja templates in a sandbox, in place of the built-in ones. Pure: the texts are handed in.

A template that fails never loses an alert: the part it was for is said in the built-in words, and somebody is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from monitor.alerts.pages import direction
from monitor.alerts.render import BUILT_IN, Letter, Page, Pages
from monitor.model import Language
from monitor.text.display import one_line, printable

if TYPE_CHECKING:
    from jinja2 import Environment

PARTS = ("subject", "txt", "html")
_NAME = re.compile(r"(?P<kind>alert|group)(\.(?P<language>en|ar|ru))?\.(?P<part>subject|txt|html)|_[A-Za-z0-9_.-]+")
_ERASED = "\u200e\u200f\u2068\u2069"  # marks of direction that a page's lines may carry; all else was taken out before


class Broken(NamedTuple):
    """What is wrong with a template, and where."""

    file: str
    line: int
    words: str

    @property
    def sentence(self) -> str:
        return one_line(f"{self.file}:{self.line}: {self.words}")


class Templates:
    """Sets alerts with those templates that are there and good, and everything else in the built-in words.

    `texts` by file name: `alert.txt`, `group.html`, `alert.ar.subject` for one language; `_anything` to be included.
    """

    def __init__(self, texts: Mapping[str, str], *, tell: Callable[[Broken], None], folder: str = "templates") -> None:
        self._texts = dict(texts)
        self._folder = folder
        self._tell = tell
        self._environment = _sandbox(self._source)
        self.broken = tuple(self._unusable())
        self._good = set(self._texts) - {each.file.rpartition("/")[2] for each in self.broken}

    def alert(self, page: Page) -> Letter:
        return self._letter("alert", page.language, _alert_fields(page), BUILT_IN.alert(page))

    def group(self, pages: Pages) -> Letter:
        return self._letter("group", pages.language, _group_fields(pages), BUILT_IN.group(pages))

    def tried(self, pages: Iterable[Page | Pages]) -> tuple[Broken, ...]:
        """What goes wrong when each template sets such pages; for a check before anything happens."""
        found = list(self.broken)
        for page in pages:
            kind, fields = ("alert", _alert_fields(page)) if isinstance(page, Page) else ("group", _group_fields(page))
            letter = BUILT_IN.alert(page) if isinstance(page, Page) else BUILT_IN.group(page)
            for part, built_in in zip(PARTS, letter, strict=True):
                outcome = self._set(kind, part, page.language, fields, built_in)
                found += [outcome] if isinstance(outcome, Broken) and outcome not in found else []
        return tuple(found)

    def _letter(self, kind: str, language: Language, fields: Mapping[str, Any], built_in: Letter) -> Letter:
        made = [
            self._told(self._set(kind, part, language, fields, words), words)
            for part, words in zip(PARTS, built_in, strict=True)
        ]
        return one_line(made[0]), made[1], made[2]

    def _told(self, outcome: str | Broken, built_in: str) -> str:
        if not isinstance(outcome, Broken):
            return outcome
        self._tell(outcome)
        return built_in

    def _set(self, kind: str, part: str, language: Language, fields: Mapping[str, Any], built_in: str) -> str | Broken:
        from jinja2 import TemplateError
        from markupsafe import Markup

        name = next((each for each in (f"{kind}.{language}.{part}", f"{kind}.{part}") if each in self._good), None)
        if name is None:
            return built_in
        # Our own words around a place for theirs: in HTML they are escaped already.
        base = Markup(built_in) if part == "html" else built_in  # noqa: S704 -- made by us, and escaped there
        try:
            said = self._environment.get_template(name).render({**fields, "built_in": base})
        except TemplateError as error:
            return self._place(name, error)
        except Exception as error:  # noqa: BLE001 -- a template is a program: it may divide by zero
            return self._place(name, error)
        if not said.strip():
            return Broken(self._path(name), 1, "says nothing; remove the file, or let it say something")
        return printable(said, keep=f"\n\t{_ERASED}")

    def _unusable(self) -> Iterator[Broken]:
        from jinja2 import TemplateSyntaxError

        for name in sorted(self._texts):
            if _NAME.fullmatch(name) is None:
                known = "alert.txt, alert.html, alert.subject, group.…, alert.ar.txt; _name for parts to include"
                yield Broken(self._path(name), 1, f"is no name of a template; there are {known}")
                continue
            try:
                self._environment.get_template(name)
            except TemplateSyntaxError as error:
                yield Broken(error.filename or self._path(name), error.lineno, error.message or "cannot be read")

    def _source(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        text = self._texts.get(name)
        return None if text is None else (text, self._path(name), lambda: True)

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _place(self, name: str, error: Exception) -> Broken:
        """The last line of a template that was being read when it went wrong."""
        file, line = self._path(name), getattr(error, "lineno", None) or 1
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename.startswith(f"{self._folder}/"):
                file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
            trace = trace.tb_next
        return Broken(file, line, f"{type(error).__name__}: {error}")


def _sandbox(source: Callable[[str], tuple[str, str, Callable[[], bool]] | None]) -> Environment:
    from jinja2 import FunctionLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        loader=FunctionLoader(source),
        autoescape=lambda name: bool(name and name.endswith("html")),
        undefined=StrictUndefined,  # a misspelt name is an error, not a hole in the alert
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _alert_fields(page: Page) -> dict[str, Any]:
    return {**page._asdict(), "direction": direction(page.language)}


def _group_fields(pages: Pages) -> dict[str, Any]:
    shown = [_alert_fields(page) for page in pages.pages]
    return {**pages._asdict(), "pages": shown, "count": len(shown), "direction": direction(pages.language)}
