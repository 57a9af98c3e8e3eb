"""Tables, queries, migrations: the only room that speaks SQL."""

from monitor.store.store import Store, Transaction

__all__ = ["Store", "Transaction"]
