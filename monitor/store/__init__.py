"""Tables, queries, migrations: the only room that speaks SQL."""

from monitor.store.stances import Told, Unfollowed
from monitor.store.store import Store, Transaction

__all__ = ["Store", "Told", "Transaction", "Unfollowed"]
