"""Both homes of the bucket, and a moment."""

from typing import Any

import pytest
from django.conf import settings as django_settings

from accounts.tests.throttle.gates import Moment
from accounts.throttle import bucket


@pytest.fixture(autouse=True)
def _empty_buckets() -> None:
    """Developers of different tests may have the same primary key on SQLite."""
    bucket._redis_bucket.cache_clear()
    bucket._redis_bucket(django_settings.REDIS_URL)._client.flushdb()


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture(params=["redis", "row"])
def store(request: pytest.FixtureRequest, settings: Any) -> str:
    """Both homes of the bucket, the first one the real broker."""
    if request.param == "row":
        settings.REDIS_URL = ""
    return str(request.param)
