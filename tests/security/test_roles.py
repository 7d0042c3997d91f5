"""Who may do what: every address of the project, for every role and method."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from playlists.views.acting import ACTIONS, MENDS
from tests.security.fleet import Fleet, all_rows, make_fleet
from vibe_engine.testing.fixtures import BACKEND, make_user

pytestmark = pytest.mark.django_db

ROLES = ("anonymous", "viewer", "operator", "staff")
NOBODY: frozenset[str] = frozenset()
ALL = frozenset(ROLES)
VIEWERS = ALL - {"anonymous"}
OPERATORS = VIEWERS - {"viewer"}

UNNAMED = {"favicon.ico"}


@dataclass(frozen=True)
class Access:
    """Which roles reach a view by which method; nobody means 405 for everybody."""

    get: frozenset[str] = NOBODY
    post: frozenset[str] = NOBODY


READ = Access(get=VIEWERS)
ACT = Access(post=OPERATORS)
ASK_AND_ACT = Access(get=OPERATORS, post=OPERATORS)
ASK_AND_ACT_AS_STAFF = Access(get=frozenset({"staff"}), post=frozenset({"staff"}))
READ_AND_ACT = Access(get=VIEWERS, post=OPERATORS)
OPEN = Access(get=ALL)
STAFF = frozenset({"staff"})

WHO_MAY = {
    "login": Access(get=ALL, post=ALL),
    "logout": Access(post=ALL),
    "profile": Access(get=VIEWERS, post=VIEWERS),
    "theme": Access(post=ALL),
    "oauth_callback": Access(get=ALL - {"viewer"}),
    "metrics:home": READ,
    "metrics:now": READ,
    "metrics:charts": READ,
    "metrics:rotation": READ,
    "metrics:rests": READ,
    "metrics:capacity": READ,
    "metrics:trends": READ,
    "metrics:search": READ,
    "metrics:health": READ,
    "metrics:healthz": OPEN,
    "metrics:readyz": OPEN,
    "metrics:prometheus": OPEN,
    "accounts:list": READ,
    "accounts:detail": READ,
    "accounts:switch": Access(post=VIEWERS),
    "accounts:connect": ASK_AND_ACT,
    "accounts:renew": ASK_AND_ACT,
    "accounts:edit_prefix": ASK_AND_ACT,
    "accounts:refresh_token": ACT,
    "accounts:pause": ACT,
    "accounts:resume": ACT,
    "accounts:ask_again": ACT,
    "accounts:check_seat": ACT,
    "accounts:enter_shadow": ACT,
    "accounts:leave_shadow": ACT,
    "accounts:disconnect": ASK_AND_ACT,
    "accounts:erase": ASK_AND_ACT,
    "accounts:receipts": READ,
    "accounts:receipt": READ,
    "accounts:receipt_file": READ,
    "accounts:check_receipt": ACT,
    "automation:list": READ,
    "automation:drawer": READ,
    "automation:run": READ,
    "automation:cancel_run": ACT,
    "automation:retry_run": ACT,
    "automation:go_on": ACT,
    "automation:run_schedule": ACT,
    "automation:toggle_schedule": ACT,
    "automation:add_schedule": ASK_AND_ACT_AS_STAFF,
    "automation:edit_schedule": ASK_AND_ACT_AS_STAFF,
    "automation:delete_schedule": ASK_AND_ACT_AS_STAFF,
    "automation:resume_schedule": ACT,
    "automation:retention": READ,
    "automation:writing": READ,
    "automation:stop": ACT,
    "automation:resume": ACT,
    "automation:shadow": ACT,
    "automation:leave_shadow": ACT,
    "automation:notices": Access(get=STAFF),
    "automation:create_channel": Access(get=STAFF, post=STAFF),
    "automation:edit_channel": Access(get=STAFF, post=STAFF),
    "automation:delete_channel": Access(get=STAFF, post=STAFF),
    "automation:test_channel": Access(post=STAFF),
    "automation:toggle_channel": Access(post=STAFF),
    "automation:settings": READ_AND_ACT,
    "automation:restore_setting": ACT,
    "library:list": READ,
    "library:ingest": ASK_AND_ACT,
    "library:preview": ACT,
    "library:bulk_albums": ACT,
    "library:album": READ,
    "library:refresh_album": ACT,
    "library:place_album": ACT,
    "library:tracks": READ,
    "library:bulk_tracks": ACT,
    "library:track": READ,
    "library:hold_track": ACT,
    "library:release_track": ACT,
    "library:features": READ,
    "library:fetch_features": ACT,
    "library:import_features": ACT,
    "library:feature_template": READ,
    "library:artists": READ,
    "library:artist": READ,
    "library:add_alias": ACT,
    "library:name_group": ACT,
    "library:remove_alias": ACT,
    "library:collections": READ_AND_ACT,
    "library:blocks": READ_AND_ACT,
    "library:unblock": ACT,
    "library:collection": READ,
    "library:edit_collection": ASK_AND_ACT,
    "library:remove_from_collection": ACT,
    "library:delete_collection": ASK_AND_ACT,
    "playlists:list": READ,
    "playlists:inventory": READ,
    "playlists:look_now": ACT,
    "playlists:create": ASK_AND_ACT,
    "playlists:forecast": Access(get=OPERATORS),
    "playlists:reshuffle_many": ASK_AND_ACT,
    "playlists:bulk": ACT,
    "playlists:edit_many": ACT,
    "playlists:due": READ,
    "playlists:pick": Access(post=STAFF),
    "playlists:labels": READ,
    "playlists:label": READ,
    "playlists:label_report": READ,
    "playlists:label_many": ACT,
    "playlists:set_labels": ACT,
    "playlists:rename_label": ASK_AND_ACT,
    "playlists:delete_label": ASK_AND_ACT,
    "playlists:rename_account": ASK_AND_ACT,
    "playlists:track_history": READ,
    "playlists:detail": READ,
    "playlists:why": READ,
    "playlists:why_not": READ,
    "playlists:snapshots": READ,
    "playlists:snapshot": READ,
    "playlists:restore": ASK_AND_ACT,
    "playlists:edit": ASK_AND_ACT,
    "playlists:rules": ASK_AND_ACT,
    "playlists:count_rules": ACT,
    "playlists:preview_rules": ACT,
    "playlists:edit_rules_of_many": ACT,
    "playlists:count_rules_of_many": ACT,
    "playlists:preview_rules_of_many": ACT,
    "playlists:count_edit_of_many": ACT,
    "playlists:preview": Access(get=OPERATORS),
    "playlists:act": ASK_AND_ACT,
}


def patterns(
    resolver: URLResolver | None = None, namespace: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Yield every pattern outside the admin with its full name."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name or ''}", entry
        elif entry.namespace != "admin":
            inner = f"{entry.namespace}:" if entry.namespace else ""
            yield from patterns(entry, namespace + inner)


def addresses(fleet: Fleet) -> dict[str, list[str]]:
    """Return the addresses to try of every name: one, or one for each action."""
    variants = {
        "playlists:act": [*ACTIONS, *MENDS],
        "playlists:bulk": list(ACTIONS),
    }
    found = {}
    for name, pattern in patterns():
        if name not in WHO_MAY:
            continue
        wanted = set(pattern.pattern.converters)
        given = {k: v for k, v in fleet.arguments(name).items() if k in wanted}
        actions = variants.get(name)
        found[name] = [
            reverse(name, kwargs=given | ({"action": action} if actions else {}))
            for action in actions or [""]
        ]
    return found


@pytest.fixture
def fleet(db: None) -> Fleet:
    return make_fleet()


@pytest.fixture
def people(db: None) -> dict[str, User | None]:
    return {
        "anonymous": None,
        "viewer": make_user("viewer", "viewers"),
        "operator": make_user("operator", "operators"),
        "staff": make_user("staff", is_staff=True),
    }


def client_of(user: User | None, *, strict: bool = False) -> Client:
    """Return a client of one person; a strict one refuses posts without a token."""
    client = Client(enforce_csrf_checks=strict)
    if user is not None:
        client.force_login(user, backend=BACKEND)
    return client


def outcome(client: Client, method: str, address: str) -> str:
    """Ask once and say how far it came: in, sign-in, 403 or 405."""
    answer = getattr(client, method)(address)
    assert answer.status_code < 500, address
    if answer.status_code in {403, 405}:
        return str(answer.status_code)
    to_sign_in = answer.get("Location", "").startswith("/sign-in/?next=")
    return "sign-in" if to_sign_in else "in"


def expected(allowed: frozenset[str], role: str) -> str:
    if not allowed:
        return "405"
    if role in allowed:
        return "in"
    return "sign-in" if role == "anonymous" else "403"


class TestMatrix:
    def test_knows_every_address(self) -> None:
        named = {name for name, pattern in patterns() if pattern.name}
        assert named == set(WHO_MAY)
        unnamed = {str(one.pattern) for _, one in patterns() if not one.name}
        assert unnamed == UNNAMED

    @pytest.mark.parametrize("method", ["get", "post"])
    @pytest.mark.parametrize("role", ROLES)
    def test_holds(
        self, fleet: Fleet, people: dict[str, User | None], role: str, method: str
    ) -> None:
        wrong = {}
        for name, tried in addresses(fleet).items():
            wanted = expected(getattr(WHO_MAY[name], method), role)
            for address in tried:
                with transaction.atomic():
                    came = outcome(client_of(people[role]), method, address)
                    transaction.set_rollback(True)
                if came != wanted:
                    wrong[f"{method} {address}"] = f"{came}, not {wanted}"
        assert wrong == {}

    @pytest.mark.parametrize("role", ["anonymous", "viewer"])
    def test_leaves_everything_as_it_was_for_those_who_may_not(
        self, fleet: Fleet, people: dict[str, User | None], role: str
    ) -> None:
        client = client_of(people[role])
        before, changed = all_rows(), []
        for name, tried in addresses(fleet).items():
            if role in WHO_MAY[name].post:
                continue
            for address in tried:
                client.post(address, {"confirmed": "1", "pk": "1", "all": "1"})
                if all_rows() != before:
                    changed.append(address)
                    before = all_rows()
        assert changed == []

    def test_changes_nothing_by_get(
        self, fleet: Fleet, people: dict[str, User | None]
    ) -> None:
        client = client_of(people["staff"])
        before, changed = all_rows(), []
        for tried in addresses(fleet).values():
            for address in tried:
                client.get(address)
                if all_rows() != before:
                    changed.append(address)
                    before = all_rows()
        assert changed == []

    def test_says_which_role_is_missing(self, fleet: Fleet, viewer: Client) -> None:
        answer = viewer.post(reverse("accounts:pause", args=[fleet.account.pk]))
        assert b"This needs the role of an operator." in answer.content


class TestForgedForms:
    def test_are_refused_everywhere_with_a_page_that_says_so(
        self, fleet: Fleet, people: dict[str, User | None]
    ) -> None:
        client = client_of(people["staff"], strict=True)
        before = all_rows()
        taken = [
            address
            for name, tried in addresses(fleet).items()
            if WHO_MAY[name].post
            for address in tried
            if not is_refused(client, address)
        ]
        assert taken == []
        assert all_rows() == before
        assert "_auth_user_id" in client.session

    def test_are_refused_in_the_admin(self, people: dict[str, User | None]) -> None:
        client = client_of(people["staff"], strict=True)
        assert is_refused(client, reverse("admin:auth_user_add"))
        assert is_refused(client, reverse("admin:logout"))

    def test_do_not_pass_with_a_token_of_their_own(
        self, people: dict[str, User | None]
    ) -> None:
        client = client_of(people["operator"], strict=True)
        answer = client.post("/theme/", {"csrfmiddlewaretoken": "a" * 64})
        assert answer.status_code == 403

    def test_do_not_pass_from_another_site_even_with_the_token(
        self, people: dict[str, User | None]
    ) -> None:
        client = client_of(people["operator"], strict=True)
        token = token_on(client, "/profile/")
        form = {"csrfmiddlewaretoken": token, "theme": "light"}
        foreign = {"Origin": "https://evil.example"}
        assert client.post("/theme/", form).status_code == 302
        assert client.post("/theme/", form, headers=foreign).status_code == 403

    def test_pass_with_the_token_that_htmx_sends(
        self, people: dict[str, User | None]
    ) -> None:
        client = client_of(people["operator"], strict=True)
        headers = {"X-CSRFToken": token_on(client, "/profile/")}
        assert client.post("/theme/", headers=headers).status_code == 302


def is_refused(client: Client, address: str) -> bool:
    answer = client.post(address)
    return answer.status_code == 403 and b"was out of date" in answer.content


def token_on(client: Client, address: str) -> str:
    page = client.get(address).content.decode()
    found = re.search(r'X-CSRFToken": "(\w+)"', page)
    assert found is not None
    return found[1]
