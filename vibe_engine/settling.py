"""A process that has loaded its program and goes on to serve."""

import gc

from django.urls import get_resolver

PAGE_PGOPTIONS = "-c statement_timeout=30s -c max_parallel_workers_per_gather=0"
"""What processes that serve pages ask of PostgreSQL (its environment's PGOPTIONS).

No page is worth more than half a minute; a worker's statement may take as long as its
lease. And a page's statements are short: helpers for one take longer to start than
they save, and take the cores that other pages need.
"""
BETWEEN_COLLECTIONS = (5_000, 20, 50)
"""How many more objects live, and how many younger collections pass, before the next."""


def settle() -> None:
    """Load what the first page would, and let the garbage collector pass all of it by.

    A whole collection looks at every object that lives. Those of the program outnumber
    a page's by far, never become garbage, and cost the page that happens to be asked
    for at that moment more than its own work; frozen, they cost nothing. What is
    loaded later is looked at, but seldom: almost all that a page leaves behind goes
    without the collector.
    """
    list(get_resolver().reverse_dict)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*BETWEEN_COLLECTIONS)
