"""Tables, queries, migrations: the only room that speaks SQL."""

from monitor.store.pruning import Prunable
from monitor.store.stances import Told, Unfollowed
from monitor.store.store import Store, Transaction

__all__ = ["Prunable", "Store", "Told", "Transaction", "Unfollowed"]
