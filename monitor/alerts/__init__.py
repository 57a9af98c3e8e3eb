"""Which changes deserve an alert, and its words. Pure.

`decide(change, channel, now=…)` says whether and why, `hold(channel, now=…)` whether not yet;
`render(change, language=…)` makes subject, text and HTML.
"""

from monitor.alerts.decide import Decision, Hold, Why, alert_key, decide, first_key, hold, thread_key
from monitor.alerts.digest import Digest, digest
from monitor.alerts.policy import ChannelPolicy, QuietHours, Silence
from monitor.alerts.render import render, safe_link
from monitor.alerts.words import holder_name, say

__all__ = [
    "ChannelPolicy",
    "Decision",
    "Digest",
    "Hold",
    "QuietHours",
    "Silence",
    "Why",
    "alert_key",
    "decide",
    "digest",
    "first_key",
    "hold",
    "holder_name",
    "render",
    "safe_link",
    "say",
    "thread_key",
]
