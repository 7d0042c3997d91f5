"""A hundred people ask for the same reshuffle at the same moment, and one for all."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from automation.models import Run
from playlists.models import Playlist
from tests.storm.storm import Figures, Storm
from tests.storm.visitor import Visitor

WORKERS = 2
THREADS = 4
ACCOUNTS = 2
PLAYLISTS = 20
KIND = "playlists.reshuffle"
EVERYTHING = "/playlists/reshuffle/?scope=all"


def rage(storm: Storm) -> Figures:
    """Let the crowd ask while nobody works; then let the workers in."""
    _man(storm)
    storm.found_playlists(PLAYLISTS, accounts=ACCOUNTS)
    url = storm.crew.start_web(storm.ground.port)
    crowd = [Visitor(url).sign_in() for _ in range(storm.size.runs)]
    one = storm.rng.choice(list(Playlist.objects.order_by("pk")))
    extra = short = 0
    for number in range(1, storm.size.rounds + 1):
        storm.say(f"round {number}")
        more, fewer = _round(storm, crowd, one)
        extra, short = extra + more, short + fewer
    failures = [text for visitor in crowd for text in visitor.failures]
    for text in failures[:10]:
        storm.say(f"WRONG: {text}")
    figures = storm.judge()
    return figures | {
        "asked": storm.size.rounds * len(crowd),
        "page_errors": len(failures),
        "duplicates": figures["duplicates"] + extra,
        "lost": figures["lost"] + short,
        "wrong": figures["wrong"] + len(failures),
    }


def _round(storm: Storm, crowd: list[Visitor], one: Playlist) -> tuple[int, int]:
    """Hold one round; return how many runs were too many, and missing in the bulk."""
    storm.crew.dismiss("worker", "engine")
    newest = Run.objects.order_by("-pk").values_list("pk", flat=True)[0]
    led_to = _ask_at_once(crowd, f"/playlists/{one.pk}/reshuffle/")
    bulk = storm.accept_newest_bulk()
    children = bulk.children.count()
    runs = Run.objects.filter(subject=one.subject, kind=KIND, pk__gt=newest).count()
    _man(storm)
    took_s = storm.wait_quiet("the bulk")
    storm.say(
        f"  {len(crowd)} asked, answers lead to {len(led_to)} run; {runs} was opened; "
        f"{children} in the bulk, done in {took_s:.0f} s"
    )
    return max(runs, len(led_to)) - 1, PLAYLISTS - children


def _man(storm: Storm) -> None:
    for _ in range(WORKERS):
        storm.crew.start_worker(threads=THREADS)
    storm.crew.start_engine()


def _ask_at_once(crowd: list[Visitor], path: str) -> set[str]:
    """Everybody sends the form at one moment, the first one the bulk's as well.

    Returns the addresses of the runs that they were led to.
    """
    start = Barrier(len(crowd) + 1)

    def ask(visitor: Visitor) -> str:
        form = visitor.read_form(path)
        start.wait()
        return visitor.send(path, form)

    def ask_for_all(visitor: Visitor) -> str:
        form = visitor.read_form(EVERYTHING)
        start.wait()
        return visitor.send(EVERYTHING.partition("?")[0], form)

    with ThreadPoolExecutor(len(crowd) + 1) as threads:
        everything = threads.submit(ask_for_all, Visitor(crowd[0].url).sign_in())
        answers = set(threads.map(ask, crowd))
        everything.result()
    return answers
