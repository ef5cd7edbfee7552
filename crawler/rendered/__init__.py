"""Pages that only a browser can read: one Chromium for all passes of a fleet, in a process of its own.

    pass ── client.py ══ a socket of its own (wire.py) ══ host.py ── engine.py ── driver, Chromium
              the nursery opens it (pool.py)                 page.py: one page, bounded in every way
                                                             gate.py: what Chromium may connect to

Nothing of it can be found by others on the machine: the sockets have no name, and Chromium is driven over a pipe.
"""
