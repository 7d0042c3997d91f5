"""What Spotify's refusals mean for a run and for the account behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from accounts.models import Account
from accounts.services import standing
from accounts.throttle import gate
from vibe_engine.errors import BlockedError, TransientError, WaitError
from vibe_engine.spotify.errors import (
    InsufficientScopeError,
    InvalidClientError,
    InvalidGrantError,
    PlaylistLimitError,
    PremiumRequiredError,
    RateLimitedError,
    UnauthorizedError,
    UserNotRegisteredError,
)

MISCONFIGURED = timedelta(minutes=15)


class RefusedTokenError(TransientError):
    """Spotify refuses a token that it gave a moment ago; seen during incidents."""


@contextmanager
def translated(account: Account, now: datetime) -> Iterator[None]:
    """Turn what Spotify refuses into what the ledger does about it.

    Put around the client's calls of a job. The account is marked where a person
    must act; what is blocked so goes on by itself once that is done, and is not tried
    before. `automation.causes` has the words for each. `NotFoundError`,
    `EndpointClosedError`, `BadRequestError` and everything transient pass as they are.

    :raises WaitError: rate, quota, the owner's Premium, or the app's secret.
    :raises BlockedError: "needs_reauth", "scope", "seat" or "playlist_limit".
    :raises RefusedTokenError: an access token just refreshed is refused.
    """
    try:
        yield
    except (RateLimitedError, PremiumRequiredError) as error:
        raise gate.stop(account.app.developer_id, error, now=now) from error
    except InvalidGrantError as error:
        standing.ask_for_consent(account, reason=str(error))
        raise BlockedError("needs_reauth", str(error)) from error
    except InsufficientScopeError as error:
        standing.ask_for_consent(account, reason=str(error))
        raise BlockedError("scope", str(error)) from error
    except UserNotRegisteredError as error:
        standing.block_without_seat(account)
        raise BlockedError("seat", str(error)) from error
    except PlaylistLimitError as error:
        raise BlockedError("playlist_limit", str(error)) from error
    except InvalidClientError as error:
        raise WaitError(now + MISCONFIGURED, "credentials", str(error)) from error
    except UnauthorizedError as error:
        raise RefusedTokenError(str(error)) from error
