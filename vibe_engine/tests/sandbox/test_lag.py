from pathlib import Path

from vibe_engine.tests.sandbox.running import Account, RunningSandbox


class TestLag:
    def test_shows_old_items_and_snapshots_for_a_while(
        self, local: RunningSandbox, account: Account, clock_file: Path
    ) -> None:
        playlist, uris = account.create(), local.track_uris(2)
        local.control("POST", "options", items_lag_s=10, snapshot_lag_s=30)
        path = f"playlists/{playlist['id']}"
        written = account.ask("PUT", f"{path}/items", json={"uris": uris}).json()
        assert account.uris(playlist["id"]) == []
        clock_file.write_text("11")
        assert account.uris(playlist["id"]) == uris
        assert account.get(path)["snapshot_id"] == playlist["snapshot_id"]
        clock_file.write_text("31")
        assert account.get(path)["snapshot_id"] == written["snapshot_id"]

    def test_lists_new_playlists_after_a_while(
        self, local: RunningSandbox, account: Account, clock_file: Path
    ) -> None:
        local.control("POST", "options", list_lag_s=60)
        account.create()
        assert account.get("me/playlists")["total"] == 0
        clock_file.write_text("61")
        assert account.get("me/playlists")["total"] == 1


class TestOlderStates:
    def test_are_shown_by_the_list_in_every_respect(
        self, local: RunningSandbox, account: Account, clock_file: Path
    ) -> None:
        playlist_id = account.create("First")["id"]
        clock_file.write_text("100")
        path = f"playlists/{playlist_id}"
        account.ask("PUT", path, json={"name": "Second"})
        account.ask("PUT", f"{path}/items", json={"uris": local.track_uris(2)})
        local.control("POST", "options", list_lag_s=60)
        row = account.get("me/playlists")["items"][0]
        assert (row["name"], row["items"]["total"]) == ("First", 0)
        assert account.get(path)["name"] == "Second"
        clock_file.write_text("170")
        row = account.get("me/playlists")["items"][0]
        assert (row["name"], row["items"]["total"]) == ("Second", 2)

    def test_are_those_of_the_moment_not_of_the_last_write(
        self, local: RunningSandbox, account: Account, clock_file: Path
    ) -> None:
        path = f"playlists/{account.create()['id']}/items"
        local.control("POST", "options", items_lag_s=10)
        for at_s, count in ((100, 1), (105, 2), (108, 3)):
            clock_file.write_text(str(at_s))
            account.ask("PUT", path, json={"uris": local.track_uris(count)})
        totals = []
        for at_s in (109, 112, 116, 119):
            clock_file.write_text(str(at_s))
            totals.append(account.get(path)["total"])
        assert totals == [0, 1, 2, 3]

    def test_keep_what_was_deleted_in_the_list(
        self, local: RunningSandbox, account: Account, clock_file: Path
    ) -> None:
        playlist_id = account.create()["id"]
        clock_file.write_text("100")
        local.control("POST", "options", list_lag_s=60)
        uris = {"uris": f"spotify:playlist:{playlist_id}"}
        account.ask("DELETE", "me/library", params=uris)
        assert account.get("me/library/contains", **uris) == [False]
        assert account.get("me/playlists")["total"] == 1
        clock_file.write_text("170")
        assert account.get("me/playlists")["total"] == 0

    def test_are_forgotten_after_an_hour(
        self, local: RunningSandbox, account: Account, clock_file: Path
    ) -> None:
        path = f"playlists/{account.create()['id']}"
        for at_s in (0, 5_000, 10_000):
            clock_file.write_text(str(at_s))
            answer = local.connect().ask("PUT", path, json={"name": str(at_s)})
            assert answer.status_code == 200
        kept = local.world.store.number("SELECT count(*) FROM playlist_versions")
        assert kept == 1
