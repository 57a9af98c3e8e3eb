"""Tables, queries, migrations: the only room that speaks SQL."""

from monitor.store.pruning import Prunable
from monitor.store.stances import OTHER_TIER, Told, Unfollowed
from monitor.store.store import Store, Transaction

__all__ = ["OTHER_TIER", "Prunable", "Store", "Told", "Transaction", "Unfollowed"]
