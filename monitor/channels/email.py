"""Alerts by mail: text and HTML, in the reader's language, threaded, with a Message-ID that stays the same on every try."""

from __future__ import annotations

import hashlib
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Annotated, Literal, Protocol, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from monitor.alerts import ChannelPolicy
from monitor.channels.deadline import deadline
from monitor.model import DeliveryError, Message
from monitor.text.display import one_line

_PORTS = {"starttls": 587, "tls": 465, "plain": 25}


def _address(value: str) -> str:
    name, address = parseaddr(value)
    if value != one_line(value) or "@" not in address:
        raise ValueError(f"{one_line(value)!r} is no mail address")
    try:
        return str(Address(display_name=name, addr_spec=address))
    except (HeaderParseError, ValueError) as error:
        raise ValueError(f"{value!r} is no mail address: {error}") from error


MailAddress = Annotated[str, AfterValidator(_address)]


class Letter(Protocol):
    """What a mail is made of."""

    @property
    def subject(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def html(self) -> str: ...


class EmailChannel(ChannelPolicy):
    """A mailbox reached over SMTP. One recipient a channel is best: then one refusal concerns nobody else."""

    kind: Literal["email"]
    host: str = Field(min_length=1)
    port: int | None = Field(default=None, ge=1, le=65535, description="587, 465 or 25 by `security`")
    security: Literal["starttls", "tls", "plain"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    sender: MailAddress
    to: tuple[MailAddress, ...] = Field(min_length=1)
    timeout: timedelta = Field(default=timedelta(seconds=30), description="for each answer of the server")
    total: timedelta = Field(default=timedelta(minutes=2), description="for the whole dialogue")
    ca_file: Path | None = Field(default=None, description="certificates to trust beside the system's own")

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if self.password is not None and self.security == "plain":
            raise ValueError("security: plain would send the password readable to all; use starttls or tls")
        return self

    def send(self, message: Message, *, key: str, answers: Sequence[str] = ()) -> None:
        """Hands the message to the server. Raises DeliveryError; permanent when the server refuses this very message."""
        self.mail(message, key=key, answers=answers)

    def mail(self, letter: Letter, *, key: str, answers: Sequence[str] = (), picture: bytes | None = None) -> None:
        """Like `send`, for anything that has a subject, a text and HTML: alerts and digests.

        `picture`: a PNG that travels with the HTML, which names it as `cid:picture`.
        """
        mail = mail_of(self, letter, key=key, answers=answers, now=datetime.now(UTC))
        if picture is not None:
            _enclose(mail, picture)
        with self._dialogue() as smtp:
            self._hand_over(smtp, mail)

    @contextmanager
    def _dialogue(self) -> Iterator[smtplib.SMTP]:
        where = f"{self.id}: {self.host}:{self.port or _PORTS[self.security]}"
        smtp = _client(self)
        with deadline(self.total.total_seconds(), lambda: smtp.sock) as passed:
            try:
                smtp.connect(self.host, self.port or _PORTS[self.security])
                self._greet(smtp)
                yield smtp
            except OSError as error:  # an SMTPException is one
                if passed.is_set():
                    raise DeliveryError(f"{where}: no end after {self.total}", permanent=False) from error
                raise _error(where, error) from error
            finally:
                smtp.close()

    def _greet(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo()
        if self.security == "starttls":
            smtp.starttls(context=_tls(self))
            smtp.ehlo()
        if self.username is not None and self.password is not None:
            smtp.login(self.username, self.password.get_secret_value())

    def _hand_over(self, smtp: smtplib.SMTP, mail: EmailMessage) -> None:
        refused = smtp.send_message(mail, from_addr=_bare(self.sender), to_addrs=[_bare(each) for each in self.to])
        # The mail is accepted: a server that drops the line instead of answering QUIT has it all the same.
        if refused:
            permanent = all(code >= 500 for code, _ in refused.values())
            who = ", ".join(f"{address} ({code})" for address, (code, _) in refused.items())
            raise DeliveryError(f"{self.id}: sent, but refused for {who}", permanent=permanent)


def mail_of(channel: EmailChannel, letter: Letter, *, key: str, answers: Sequence[str], now: datetime) -> EmailMessage:
    """The mail as it goes out. The same key gives the same Message-ID; it answers the mails that went with `answers`."""
    domain = _bare(channel.sender).rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["From"] = channel.sender
    mail["To"] = ", ".join(channel.to)
    mail["Subject"] = one_line(letter.subject)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(key, domain)
    if before := [message_id(each, domain) for each in answers if each != key]:
        mail["In-Reply-To"] = mail["References"] = " ".join(before)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    mail["X-Monitor-Key"] = one_line(key)
    mail.set_content(letter.text, cte=_encoding(letter.text))
    mail.add_alternative(letter.html, subtype="html", cte=_encoding(letter.html))
    for part in (mail, *mail.iter_parts()):
        part["Content-Language"] = channel.language.value
    return mail


def _enclose(mail: EmailMessage, picture: bytes) -> None:
    for part in mail.iter_parts():
        if isinstance(part, EmailMessage) and part.get_content_type() == "text/html":
            part.add_related(
                picture, maintype="image", subtype="png", cid="<picture>", disposition="inline", filename="stances.png"
            )


def message_id(key: str, domain: str) -> str:
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def _encoding(text: str) -> str:
    # Base64 is shorter than quoted-printable for Arabic and Russian, and 8-bit bodies need a server that takes them.
    return "quoted-printable" if text.isascii() else "base64"


def _bare(address: str) -> str:
    return parseaddr(address)[1]


def _client(channel: EmailChannel) -> smtplib.SMTP:
    # The host's plain name: smtplib would ask DNS for a full one, and DNS may hang.
    name, timeout = socket.gethostname(), channel.timeout.total_seconds()
    if channel.security == "tls":
        client: smtplib.SMTP = smtplib.SMTP_SSL(context=_tls(channel), local_hostname=name, timeout=timeout)
    else:
        client = smtplib.SMTP(local_hostname=name, timeout=timeout)
    client._host = channel.host  # type: ignore[attr-defined]  # what TLS checks; smtplib sets it only when it connects at once
    return client


def _tls(channel: EmailChannel) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if channel.ca_file:
        context.load_verify_locations(channel.ca_file)
    return context


def _error(where: str, error: OSError) -> DeliveryError:
    """Permanent is what the server says of this message. A refused login or a missing STARTTLS is for the operator to
    mend; the mail waits meanwhile."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        said = ", ".join(f"{address} {code} {_reply(text)}" for address, (code, text) in error.recipients.items())
        return DeliveryError(f"{where}: every recipient refused: {said}", permanent=min(codes) >= 500)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return DeliveryError(f"{where}: login refused: {error.smtp_code}", permanent=False)
    if isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError):
        said = f"{error.smtp_code} {_reply(error.smtp_error)}"
        return DeliveryError(f"{where}: refused: {said}", permanent=error.smtp_code >= 500)
    return DeliveryError(f"{where}: {_words(error)}", permanent=False)


def _reply(text: bytes | str) -> str:
    return one_line(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)[:200]


def _words(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}")[:200]
