"""How much a developer may ask for: a rolling 30 s window and a 24 h quota."""

import math
from collections import defaultdict, deque

from vibe_engine.sandbox.options import Options
from vibe_engine.sandbox.store import Store

RATE_WINDOW_S = 30
QUOTA_WINDOW_S = 86_400


class Limits:
    """Counts the requests per developer, over all of the developer's apps."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._recent: defaultdict[str, deque[float]] = defaultdict(deque)

    def wait_for_rate_s(self, developer: str, rate: int, *, now_s: float) -> int | None:
        """Return after how many seconds to ask again; None: ask now.

        `rate`: requests in a window of 30 s, 0 for no limit.
        """
        if not rate:
            return None
        recent = self._recent[developer]
        while recent and not now_s - RATE_WINDOW_S < recent[0] <= now_s:
            recent.popleft()
        if len(recent) < rate:
            recent.append(now_s)
            return None
        opens_at_s = recent[len(recent) - rate] + RATE_WINDOW_S
        return max(1, math.ceil(opens_at_s - now_s))

    def wait_for_quota_s(
        self, developer: str, bucket: str, options: Options, *, now_s: float
    ) -> int | None:
        """Return after how many seconds the quota opens again; None: it is open."""
        if not options.quota:
            return None
        self._store.execute(
            "DELETE FROM usage WHERE developer = ? AND bucket = ? AND at <= ?",
            developer,
            bucket,
            now_s - QUOTA_WINDOW_S,
        )
        counted = self._store.row(
            "SELECT at FROM usage WHERE developer = ? AND bucket = ?"
            " ORDER BY at DESC LIMIT 1 OFFSET ?",
            developer,
            bucket,
            options.quota - 1,
        )
        if counted is None:
            self._store.execute(
                "INSERT INTO usage VALUES (?, ?, ?)", developer, bucket, now_s
            )
            return None
        opens_at_s: float = counted["at"] + QUOTA_WINDOW_S
        return max(1, math.ceil(opens_at_s - now_s))
