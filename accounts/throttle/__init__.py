"""What keeps calls to Spotify within a developer's rate, quota and budgets.

Rate and quota belong to the developer who owns the app, not to app or account
(Spotify's quota rules of 2026-07-23). Nothing here sleeps: whoever comes too early
gets a `WaitError` with the time at which to come back.
"""

from accounts.throttle.gate import ThrottleGate

__all__ = ["ThrottleGate"]
