"""Which changes deserve an alert, and its words. Pure."""

from monitor.alerts.policy import ChannelPolicy

__all__ = ["ChannelPolicy"]
