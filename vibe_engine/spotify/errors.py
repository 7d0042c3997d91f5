"""What can go wrong between the product and Spotify, as errors of the house."""

from vibe_engine.errors import TransientError, VibeError

QUOTA_EXCEEDED = "QUOTA_EXCEEDED"


class SpotifyError(VibeError):
    """A call to Spotify failed.

    `status` is the HTTP status (None without an answer), `reason` Spotify's own
    word for it ("" if none), `retry_after_s` the wait Spotify asks for in seconds
    (1 to 90,000; None if it names none). `ambiguous` is True where the request
    may have been carried out all the same: no answer, a broken one, or a 5xx. It
    is False where Spotify clearly refused, or was never reached.
    """

    ambiguous = False

    def __init__(
        self,
        text: str,
        *,
        status: int | None = None,
        reason: str = "",
        retry_after_s: float | None = None,
        ambiguous: bool | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason
        self.retry_after_s = retry_after_s
        if ambiguous is not None:
            self.ambiguous = ambiguous


class RateLimitedError(SpotifyError):
    """429: too many requests, or the day's quota of the developer is used up."""

    @property
    def is_quota(self) -> bool:
        """Whether the quota is used up (Web API changes of July 2026)."""
        return self.reason == QUOTA_EXCEEDED


class UnauthorizedError(SpotifyError):
    """401: the access token is refused, a freshly refreshed one as well."""


class InsufficientScopeError(SpotifyError):
    """403: the consent given does not cover this call; it must be given again."""


class UserNotRegisteredError(SpotifyError):
    """403: the account holds none of the seats of a development-mode app."""


class PremiumRequiredError(SpotifyError):
    """403: the Premium of the app's owner has lapsed, every call is refused."""


class EndpointClosedError(SpotifyError):
    """403 without words: the route is closed to this app, or the playlist is
    somebody else's."""

    failure = "closed"


class PlaylistLimitError(SpotifyError):
    """4xx: the account holds as many playlists as Spotify lets it have."""


class NotFoundError(SpotifyError):
    """404: Spotify does not know it, or does not show it to this app."""

    failure = "not_found"


class BadRequestError(SpotifyError):
    """Any other 4xx: what was sent is wrong and will stay wrong."""

    failure = "refused"


class UnavailableError(SpotifyError, TransientError):
    """5xx, a timeout, a connection that broke or never stood."""

    ambiguous = True


class BadResponseError(SpotifyError, TransientError):
    """The answer is not what it should be: no JSON, wrong types, too large, a
    redirect, pages that go in circles or to another host."""

    ambiguous = True


class InvalidGrantError(SpotifyError):
    """The refresh token or the code is expired, revoked or used: consent again."""


class InvalidClientError(SpotifyError):
    """Spotify does not accept the app's client id and secret."""
