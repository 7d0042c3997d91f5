"""Everything the sandbox holds, put together."""

from dataclasses import dataclass
from pathlib import Path

from vibe_engine.sandbox.alterations import AlteredTracks
from vibe_engine.sandbox.catalogue import Catalogue
from vibe_engine.sandbox.clock import Clock
from vibe_engine.sandbox.faultlist import Faults
from vibe_engine.sandbox.generated import GeneratedCatalogue
from vibe_engine.sandbox.invented import CatalogueWithInventions
from vibe_engine.sandbox.limits import Limits
from vibe_engine.sandbox.listed import ListedCatalogue
from vibe_engine.sandbox.options import Options, change_options, load_options
from vibe_engine.sandbox.people import App, People
from vibe_engine.sandbox.playlists import Playlists
from vibe_engine.sandbox.requestlog import RequestLog
from vibe_engine.sandbox.store import Store
from vibe_engine.sandbox.tokens import Tokens

DEFAULT_TRACKS = 20_000
DEFAULT_SEED = 1
DEFAULT_CLIENT_ID = "sandbox"
DEFAULT_CLIENT_SECRET = "sandbox-secret"  # noqa: S105 (opens only this toy)


@dataclass(frozen=True, slots=True)
class Config:
    """How a sandbox is started; see the options of the command.

    `rate` and `quota` None: as the state file has them.
    """

    profile: str = "development"
    tracks: int = DEFAULT_TRACKS
    catalogue_file: Path | None = None
    seed: int = DEFAULT_SEED
    state_file: Path | None = None
    clock_file: Path | None = None
    rate: int | None = None
    quota: int | None = None
    apps: tuple[App, ...] = ()
    is_demo: bool = False
    product_url: str = ""


class World:
    """The state, the catalogue, the clock and the faults of one sandbox.

    :raises CatalogueFileError: the catalogue file cannot be used.
    :raises ValueError: the number of tracks is out of range.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.clock = Clock(config.clock_file)
        self.store = Store(config.state_file)
        self.people = People(self.store)
        self.tokens = Tokens(self.store)
        self.playlists = Playlists(self.store)
        self.limits = Limits(self.store)
        self.log = RequestLog(self.store)
        self.faults = Faults(config.seed)
        self.catalogue = CatalogueWithInventions(
            _open_catalogue(config), self.store, config.seed, is_open=config.is_demo
        )
        self.tracks = AlteredTracks(self.store, self.catalogue)
        with self.store.transaction():
            self._settle()

    def options(self) -> Options:
        """Return the switches as they stand."""
        return load_options(self.store)

    def _settle(self) -> None:
        self.people.add_defaults()
        for app in self.config.apps:
            self.people.register_app(app)
        if not self.people.apps():
            self.people.save_app(
                App(
                    client_id=DEFAULT_CLIENT_ID,
                    client_secret=DEFAULT_CLIENT_SECRET,
                    profile=self.config.profile,
                    developer="developer",
                )
            )
        limits = {"rate": self.config.rate, "quota": self.config.quota}
        wanted = {name: value for name, value in limits.items() if value is not None}
        change_options(self.store, dict(wanted))


def _open_catalogue(config: Config) -> Catalogue:
    if config.catalogue_file is not None:
        return ListedCatalogue(config.catalogue_file)
    return GeneratedCatalogue(track_count=config.tracks, seed=config.seed)
