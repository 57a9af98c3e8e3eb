"""Alerts to everything Apprise speaks: Slack, Telegram, Matrix, ntfy and a hundred more. Needs the extra `chat`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, SecretStr

from monitor.alerts import ChannelPolicy
from monitor.model import DeliveryError, Message
from monitor.text.display import one_line

_LONGEST_SCHEME = 20


class AppriseChannel(ChannelPolicy):
    """One service by its Apprise address, e.g. `ntfy://host/topic`. The address is a secret: it carries the token."""

    kind: Literal["apprise"]
    url: SecretStr = Field(description="an Apprise address; see the Apprise documentation for each service")

    def send(self, message: Message, *, key: str, answers: Sequence[str] = ()) -> None:  # noqa: ARG002 -- chats have neither
        """Hands the text to Apprise. Raises DeliveryError; Apprise tells success or not, and no more."""
        notify(self, title=message.subject, body=message.text)

    @property
    def _scheme(self) -> str:
        return one_line(self.url.get_secret_value().partition(":")[0])[:_LONGEST_SCHEME]


def notify(channel: AppriseChannel, *, title: str, body: str) -> None:
    """Raises DeliveryError; Apprise tells success or not, and no more."""
    sender = _apprise(channel)
    # Apprise says false, and raises for some broken addresses; nothing it says may be shown, it names the token.
    try:
        went = sender.notify(title=one_line(title), body=body, body_format="text")
    except (TypeError, ValueError, OSError) as error:
        raise DeliveryError(f"{channel.id}: {channel._scheme}: {type(error).__name__}", permanent=False) from None
    if not went:
        raise DeliveryError(f"{channel.id}: {channel._scheme}: the service did not take the message", permanent=False)


def _apprise(channel: AppriseChannel) -> Any:
    try:
        import apprise  # an extra, and slow to load
    except ImportError as error:
        missing = f"{channel.id}: chat services need Apprise: pip install 'stance-monitor[chat]'"
        raise DeliveryError(missing, permanent=False) from error
    sender = apprise.Apprise()
    if not sender.add(channel.url.get_secret_value()):
        raise DeliveryError(f"{channel.id}: {channel._scheme}: is no address that Apprise understands", permanent=True)
    return sender
