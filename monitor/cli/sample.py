"""`monitor alerts test CHANNEL`: sends a marked sample, so that nobody waits for history to find a wrong password."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from monitor.cli.app import ConfigOption
from monitor.cli.listings import alerts_app
from monitor.cli.show import console
from monitor.model import (
    Alert,
    DeliveryError,
    Event,
    Language,
    Level,
    MonitorError,
    Report,
    Stance,
    StanceChange,
)

_SAID = {
    Language.EN: ("This is a sample: nobody supports anything.", "This is a sample: nobody objects to anything."),
    Language.AR: ("هذه عيّنة للتجربة: لا أحد يؤيد شيئا.", "هذه عيّنة للتجربة: لا أحد يعارض شيئا."),
    Language.RU: ("Это образец: никто ничего не поддерживает.", "Это образец: никто ничему не возражает."),
}


@alerts_app.command("test")
def send_sample(
    channel: Annotated[str, typer.Argument(help="The channel's id in feeds.yaml.")], config: ConfigOption = None
) -> None:
    """Send a marked sample alert through one channel. Exit 1 with the reason when it does not go out."""
    from monitor.alerts import render
    from monitor.cli.wording import setter_of
    from monitor.settings import load_settings

    settings = load_settings(config)
    found = next((each for each in settings.channels if each.id == channel), None)
    if found is None:
        known = ", ".join(each.id for each in settings.channels) or "none"
        raise MonitorError(f"no channel {channel!r} in feeds.yaml; there are: {known}")
    now = datetime.now(UTC)
    setter = setter_of(settings)
    alert = marked(render(sample(found.language, now=now), language=found.language, setter=setter))
    try:
        found.send(alert, key=f"test.{now:%Y%m%dT%H%M%S}.{channel}")
    except DeliveryError as error:
        raise MonitorError(f"the sample did not go out: {error}") from error
    console().print(f"the sample went out through {channel}")


def marked(alert: Alert) -> Alert:
    """The alert, marked so that nobody takes it for news."""
    return alert.model_copy(update={"subject": f"[test] {alert.subject}", "text": f"[test]\n\n{alert.text}"})


def sample(language: Language, *, now: datetime) -> StanceChange:
    """A change that never was, in the channel's language."""
    before, after = _SAID[language]
    return StanceChange(
        topic="us-russia-syria",
        actor="USA",
        before=_report(before, Stance.SUPPORT, number=1, at=now - timedelta(days=1), language=language),
        after=_report(after, Stance.OPPOSE, number=2, at=now, language=language),
        level=Level.REPORTED,
        at=now,
        publishers=("Stance Monitor",),
        reason="a sample that `monitor alerts test` made",
    )


def _report(text: str, stance: Stance, *, number: int, at: datetime, language: Language) -> Report:
    event = Event(
        actor="USA", stance=stance, start=0, end=len(text), quote=text, confidence=1, reason="a sample"
    )  # fmt: skip
    return Report(
        event_id=number,
        article_id=number,
        topic="us-russia-syria",
        event=event,
        at=at,
        seen_at=at,
        language=language,
        publisher="Stance Monitor",
        voice="Stance Monitor",
    )
