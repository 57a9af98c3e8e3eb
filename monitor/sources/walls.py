"""Recognises what stands in the way of a text: walls against robots. They are named, never climbed."""

from __future__ import annotations

from collections.abc import Mapping

_READ = 30_000

# Header, a part of its value (empty: any), who it is. Headers that every answer of the service carries prove nothing.
_HEADERS = (
    ("cf-mitigated", "", "Cloudflare challenge"),
    ("x-amzn-waf-action", "", "AWS WAF challenge"),
    ("x-datadome", "", "DataDome"),
    ("x-dd-b", "", "DataDome"),
    ("x-px-block", "", "PerimeterX"),
    ("x-sucuri-block", "", "Sucuri firewall"),
)
_BODIES = (
    ("_cf_chl_opt", "Cloudflare challenge"),
    ("cf-browser-verification", "Cloudflare challenge"),
    ("/cdn-cgi/challenge-platform", "Cloudflare challenge"),
    ("attention required! | cloudflare", "Cloudflare block"),
    ("cf-error-details", "Cloudflare block"),
    ("<title>just a moment...</title>", "Cloudflare challenge"),
    ("ddos-guard", "DDoS-Guard"),
    ("_incapsula_resource", "Imperva Incapsula"),
    ("incapsula incident id", "Imperva Incapsula"),
    ("captcha-delivery.com", "DataDome"),
    ("px-captcha", "PerimeterX"),
    ("sucuri website firewall", "Sucuri firewall"),
    ("awswafintegration", "AWS WAF challenge"),
    ("servicepipe.ru", "Servicepipe"),
    ("qrator", "Qrator"),
    ("errors.edgesuite.net", "Akamai"),
    ("smartcaptcha.yandexcloud.net", "Yandex SmartCaptcha"),
    ("hcaptcha.com/1/api.js", "a captcha"),
    ("google.com/recaptcha", "a captcha"),
)
_REFUSALS = frozenset({401, 403, 405, 406, 429, 503, 520, 521, 525, 526})
_SMALL_PAGE = 60_000


def bot_wall(*, status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    """Whose wall against robots this answer is, or None. A captcha on an ordinary page is none: only small pages count."""
    for name, part, who in _HEADERS:
        if name in headers and part in headers[name].lower():
            return who
    html = "html" in headers.get("content-type", "").lower() or body[:200].lstrip().lower().startswith(
        (b"<!doctype html", b"<html")
    )
    if not html or (status not in _REFUSALS and (status != 200 or len(body) > _SMALL_PAGE)):
        return None
    page = body[:_READ].decode("utf-8", "replace").lower()
    return next((who for mark, who in _BODIES if mark in page), None)
