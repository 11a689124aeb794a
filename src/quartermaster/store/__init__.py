"""What an installation remembers: stock, reservations, snapshots, orders, plans, keys and events, in one SQL database.

`open_store` gives a `Store`; each of its rooms is one module of functions that take a transaction first:

    tables          what there is, and the constraints that hold it together
    database        SQLite (default, one file) or PostgreSQL, from one URL; transactions
    turns           who writes next, on SQLite
    migrate         `upgrade`, `check`, `backup`
    instants        microseconds, and back
    scopes          planning areas, and the counters of each
    stock           feeds, supply, availability
    stock_ledger    what every event adds to the units reserved
    reservations    held → committed | released | expired, once
    idempotency     one effect for each key
    leases          one planner for each scope
    snapshots       content-addressed, never overwritten by an older one
    orders          state, history, and where each ordered unit is
    plans           from queued to committed, one current for each scope
    events          what happened, in an order that readers can resume from
    webhooks        who is told of it, and how far
    run_totals      what runs add up to
    figures         what is watched of all of it
    keys            who may do what
    audit           whether all of it adds up

Nothing here plans, and nothing here speaks HTTP.
"""

from quartermaster.store.database import Store, open_store

__all__ = ["Store", "open_store"]
