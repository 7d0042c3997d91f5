"""The ground a storm rages on: a database, a broker, a sandbox, and an environment.

One process is one installation. The environment is set before Django reads its
settings; everything that needs Django is imported inside functions.
"""

import os
import shutil
import signal
from pathlib import Path

from tests.storm.crew import Crew
from tests.storm.silence import SilentBroker
from vibe_engine.supervisor import valkey
from vibe_engine.testing.plugin import isolate_environment
from vibe_engine.testing.product import free_port
from vibe_engine.testing.sandbox import SandboxControl, SandboxProcess
from vibe_engine.testing.services import Postgres, Valkey, find_postgres, make_folder

TIMES = {
    "SPOTIFY_DEADLINE_S": "2",
    "CALL_LEASE_S": "3",
    "RUN_LEASE_S": "6",
    "CREATE_SETTLE_S": "4",
    "ENGINE_ROUND_S": "0.5",
    "ENGINE_LEASE_S": "3",
    "RING_AGAIN_S": "3",
    "UNANSWERED_S": "8",
    "RAMP_S": "5",
}
"""A lease of two minutes becomes one of six seconds; the order stays the same."""
LIST_LAG_S = 1.0
"""How long new playlists are missing in lists; shorter than a create settles."""
DURABLE = {"synchronous_commit": "on"}
"""A commit that was answered survives the server's sudden end."""
NOTE_CIRCUITS = """
CREATE TABLE storm_circuits (
  developer_id bigint, at timestamptz, until timestamptz);
CREATE FUNCTION storm_note_circuit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO storm_circuits
  VALUES (NEW.id, clock_timestamp(), NEW.circuit_open_until);
  RETURN NULL;
END $$;
CREATE TRIGGER storm_note_circuit AFTER UPDATE ON spotify_developers FOR EACH ROW
WHEN (OLD.circuit_open_until IS DISTINCT FROM NEW.circuit_open_until)
EXECUTE FUNCTION storm_note_circuit();
"""
"""An observer of the storm's own: the product keeps no history of its circuits."""


class GroundError(Exception):
    """The storm cannot be held here; the text says what is missing."""


class Ground:
    """Services and environment of one storm; `stop()` ends everything."""

    def __init__(
        self,
        *,
        database: str = "postgresql",
        broker: str = "valkey",
        keep_logs: Path | None = None,
    ) -> None:
        """Start the services and set up Django.

        :param broker: "valkey", or "silent": one that never answers.
        :param keep_logs: where the logs of all processes go at the end.
        """
        self.folder = make_folder()
        self.keep_logs = keep_logs
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self.silence: SilentBroker | None = None
        self.sandbox_process: SandboxProcess | None = None
        self.crew: Crew | None = None
        try:
            isolate_environment(self.folder)
            self._start_services(database, broker)
            self.port = free_port()
            self.sandbox = self._start_sandbox()
            self._set_environment()
            self._prepare_database()
            self.crew = Crew(self._new_folder("crew"))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every process and remove the folder."""
        if self.crew:
            self.crew.stop()
        if self.sandbox_process:
            self.sandbox_process.stop()
        if self.silence:
            self.silence.stop()
        if self.valkey:
            self.valkey.stop(signal.SIGTERM)
        if self.postgres:
            self.postgres.stop(signal.SIGQUIT)
        if self.keep_logs:
            self._copy_logs(self.keep_logs)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start_services(self, database: str, broker: str) -> None:
        if database == "postgresql":
            programs = find_postgres()
            if programs is None:
                raise GroundError("No PostgreSQL was found.")
            self.postgres = Postgres(self.folder, programs, **DURABLE)
            os.environ["DATABASE_URL"] = self.postgres.url
            _create_database(self.postgres)
        else:
            os.environ["DATABASE_URL"] = f"sqlite:///{self.folder / 'vibe.db'}"
        if broker == "silent":
            self.silence = SilentBroker(self.folder / "silent.sock")
            os.environ["REDIS_URL"] = self.silence.url
        else:
            server = valkey.find_server()
            if server is None:
                raise GroundError("No Valkey was found.")
            self.valkey = Valkey(self.folder, server)
            os.environ["REDIS_URL"] = self.valkey.url

    def _start_sandbox(self) -> SandboxControl:
        log = self.folder / "sandbox.log"
        self.sandbox_process = SandboxProcess("--profile", "extended", log=log)
        control = self.sandbox_process.control
        control.post("options", list_lag_s=LIST_LAG_S)
        return control

    def _set_environment(self) -> None:
        os.environ.update(TIMES)
        os.environ["PORT"] = str(self.port)
        os.environ["LOG_LEVEL"] = "WARNING"
        os.environ["SANDBOX_URL"] = self.sandbox.url
        os.environ["SPOTIFY_API_URL"] = self.sandbox.api_url
        os.environ["SPOTIFY_ACCOUNTS_URL"] = self.sandbox.url
        os.environ["DJANGO_SETTINGS_MODULE"] = "vibe_engine.settings"

    def _prepare_database(self) -> None:
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection, connections

        call_command("migrate", verbosity=0)
        call_command("bootstrap", verbosity=0, stdout=_Nowhere())
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(NOTE_CIRCUITS)
        connections.close_all()

    def _copy_logs(self, target: Path) -> None:
        target.mkdir(parents=True, exist_ok=True)
        for log in self.folder.glob("**/*.log"):
            shutil.copy(log, target)

    def _new_folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        return folder


class _Nowhere:
    """A stream that keeps nothing."""

    def write(self, _text: str) -> None:
        """Forget the text."""

    def flush(self) -> None:
        """Do nothing."""


def _create_database(postgres: Postgres) -> None:
    import psycopg

    with psycopg.connect(
        host=str(postgres.home), user="vibe", dbname="postgres", autocommit=True
    ) as connection:
        connection.execute("CREATE DATABASE vibe")
