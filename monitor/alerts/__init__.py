"""Which changes deserve an alert, and its words. Pure.

`decide(change, channel, now=…)` says whether and why, `hold(channel, now=…)` whether not yet;
`render(change, language=…)` makes subject, text and HTML.
"""

from monitor.alerts.decide import Decision, Hold, Why, alert_key, decide, hold, hushed, message_key, thread_key
from monitor.alerts.digest import Digest, digest
from monitor.alerts.policy import ChannelPolicy, GroupBy, QuietHours, Silence
from monitor.alerts.render import Setter, render, render_group, safe_link
from monitor.alerts.words import holder_name, say

__all__ = [
    "ChannelPolicy",
    "Decision",
    "Digest",
    "GroupBy",
    "Hold",
    "QuietHours",
    "Setter",
    "Silence",
    "Why",
    "alert_key",
    "decide",
    "digest",
    "hold",
    "holder_name",
    "hushed",
    "message_key",
    "render",
    "render_group",
    "safe_link",
    "say",
    "thread_key",
]
