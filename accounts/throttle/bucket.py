"""The token bucket of a developer: in Redis, or in the developer's row without it."""

import logging
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import redis
from django.conf import settings

from accounts.models import Developer
from accounts.throttle.pace import pace_of
from accounts.throttle.queueing import BURST_S, SET_BACK_S, Haste, Turns, take_turn
from vibe_engine.errors import WaitError

logger = logging.getLogger(__name__)

REDIS_TIMEOUT_S = 0.5
REDIS_AWAY = timedelta(seconds=5)
"""How long Redis is left alone after it failed; the row serves meanwhile."""
ROW_TRIES = 20

# The same arithmetic as `queueing.take_turn`, in one round trip.
SCRIPT = """
local now, interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local too_far, haste = tonumber(ARGV[4]), tonumber(ARGV[5])
local free = tonumber(redis.call('HGET', KEYS[1], 'free') or '0')
local tail = tonumber(redis.call('HGET', KEYS[1], 'tail') or '0')
if free > now + too_far + 10 * interval then free, tail = 0, 0 end
local opens = free - burst
local slot = now
if haste == 2 or opens <= now then
  free = math.max(free, now) + interval
elseif haste == 1 then
  slot = opens
else
  slot = math.max(opens, tail + interval)
  tail = slot
end
redis.call('HSET', KEYS[1], 'free', string.format('%.6f', free),
           'tail', string.format('%.6f', tail))
redis.call('EXPIRE', KEYS[1], math.ceil(math.max(free, tail) - now) + 60)
return string.format('%.6f', slot)
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One call's wish to go: seconds between calls, the burst allowed, the haste."""

    interval_s: float
    burst_s: float
    haste: Haste


class RedisBucket:
    """Buckets in Redis or Valkey; one script call each."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=REDIS_TIMEOUT_S,
            socket_connect_timeout=REDIS_TIMEOUT_S,
            retry_on_timeout=False,
        )
        self._script: Any = self._client.register_script(SCRIPT)
        self._away_until = datetime.min.replace(tzinfo=UTC)

    def take(self, developer_id: int, step: Step, *, now: datetime) -> datetime | None:
        """Return when the caller may go, or None while Redis cannot be asked."""
        if now < self._away_until <= now + REDIS_AWAY:
            return None
        arguments = (
            f"{now.timestamp():.6f}",
            step.interval_s,
            step.burst_s,
            BURST_S + SET_BACK_S,
            int(step.haste),
        )
        try:
            slot = self._script(keys=[f"vibe:bucket:{developer_id}"], args=arguments)
        except redis.RedisError as error:
            self._away_until = now + REDIS_AWAY
            logger.warning("The bucket leaves Redis (%s).", type(error).__name__)
            return None
        return _later(now, float(slot))


@cache
def _redis_bucket(url: str) -> RedisBucket:
    return RedisBucket(url)


def take(
    developer: Developer, *, now: datetime, haste: Haste = Haste.IN_LINE
) -> datetime:
    """Take a turn of this developer's bucket; return when the caller may go.

    That is `now` where it may go at once. A later time is a slot of the caller's
    own; nothing has been taken then, and the caller asks again at that time.
    `Haste.AT_ONCE` lets the others wait the longer: it is for single calls on which
    a person waits in front of a page.

    :raises WaitError: the row was too contended to be changed.
    """
    pace = pace_of(developer, now=now)
    step = Step(pace.interval_s(now), pace.burst_s(now), haste)
    if settings.REDIS_URL:
        bucket = _redis_bucket(settings.REDIS_URL)
        slot = bucket.take(developer.pk, step, now=now)
        if slot is not None:
            return slot
    return _take_from_row(developer.pk, step, now=now)


def _take_from_row(developer_id: int, step: Step, *, now: datetime) -> datetime:
    """Compare and set the row; the portable form, right on both databases."""
    rows = Developer.objects.filter(pk=developer_id)
    for _ in range(ROW_TRIES):
        free, tail = rows.values_list("next_free_at", "queue_tail_at").get()
        turns, slot_s = take_turn(
            Turns(_seconds(free), _seconds(tail)),
            now_s=now.timestamp(),
            interval_s=step.interval_s,
            burst_s=step.burst_s,
            haste=step.haste,
        )
        if rows.filter(next_free_at=free, queue_tail_at=tail).update(
            next_free_at=_moment(turns.free_s), queue_tail_at=_moment(turns.tail_s)
        ):
            return _later(now, slot_s)
    raise WaitError(now + timedelta(seconds=math.ceil(step.interval_s)), "rate")


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _later(now: datetime, slot_s: float) -> datetime:
    """Return the slot as a time, and `now` itself where rounding is all it is."""
    slot = datetime.fromtimestamp(slot_s, UTC)
    return slot if slot - now > timedelta(microseconds=10) else now
