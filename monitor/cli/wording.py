"""The reader's own templates, from the folder that `templates` names; what is wrong with them costs no alert."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from monitor.alerts.render import BUILT_IN, Page, Pages, Setter, page_of
from monitor.model import ConfigError, Language
from monitor.settings import Settings, read_templates

if TYPE_CHECKING:
    from monitor.alerts.templates import Broken, Templates

log = structlog.get_logger()


def setter_of(settings: Settings) -> Setter:
    """What sets alerts: the templates, with the built-in words for what is missing or broken in them."""
    try:
        templates = _templates(settings)
    except ConfigError as error:
        log.warning("templates not used", reason=str(error))
        return BUILT_IN
    if templates is None:
        return BUILT_IN
    for broken in templates.tried(_samples()):
        log.error(
            "template broken", where=f"{broken.file}:{broken.line}", reason=broken.words, instead="built-in words"
        )
    return templates


def template_problems(settings: Settings) -> list[str]:
    """Each with file and line, found by setting sample alerts in three languages."""
    try:
        templates = _templates(settings)
    except ConfigError as error:
        return [str(error)]
    return [broken.sentence for broken in templates.tried(_samples())] if templates else []


def _templates(settings: Settings) -> Templates | None:
    if settings.templates is None:
        return None
    texts = read_templates(settings.templates)
    try:
        from monitor.alerts.templates import Templates

        return Templates(texts, tell=_tell, folder=str(settings.templates))
    except ImportError as error:  # Jinja2 is an extra
        words = "templates need Jinja2: pip install 'stance-monitor[templates]'; the built-in words are used"
        raise ConfigError(f"{settings.templates}: {words}") from error


def _tell(broken: Broken) -> None:
    log.warning("template failed", where=f"{broken.file}:{broken.line}", reason=broken.words, instead="built-in words")


def _samples() -> Iterator[Page | Pages]:
    from monitor.cli.sample import sample

    now = datetime.now(UTC)
    for language in (Language.EN, Language.AR, Language.RU):
        page = page_of(sample(language, now=now), language)
        yield page
        yield Pages(language, page.subject, ("note",), (page, page))
