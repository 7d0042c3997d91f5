"""The account that a person is looking at: one of the session, or none."""

from django.http import HttpRequest

from accounts.models import Account

SESSION_KEY = "active_account"


def active_account_id(request: HttpRequest) -> int | None:
    """Return the primary key that the session holds; the row may be gone."""
    key = request.session.get(SESSION_KEY)
    return key if isinstance(key, int) else None


def active_account(request: HttpRequest) -> Account | None:
    """Return the session's active account; None: all of them, or it is gone."""
    key = active_account_id(request)
    if key is None:
        return None
    return Account.objects.select_related("app__developer").filter(pk=key).first()


def set_active(request: HttpRequest, account: Account | None) -> None:
    """Make an account the active one, or none."""
    if account is None:
        request.session.pop(SESSION_KEY, None)
    else:
        request.session[SESSION_KEY] = account.pk
