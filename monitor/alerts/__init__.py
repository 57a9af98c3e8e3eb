"""Which changes deserve an alert, and its words. Pure.

`decide(change, channel, now=…)` says whether and why; `render(change, language=…)` makes subject, text and HTML.
"""

from monitor.alerts.decide import Decision, Why, alert_key, decide, first_key, thread_key
from monitor.alerts.policy import ChannelPolicy
from monitor.alerts.render import render, safe_link

__all__ = ["ChannelPolicy", "Decision", "Why", "alert_key", "decide", "first_key", "render", "safe_link", "thread_key"]
