"""Invented names: artists, albums, titles; pleasant ones and hostile ones."""

from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ADJECTIVES = _words(
    "Amber Blue Borrowed Bright Broken Careful Chrome Coastal Copper Distant Early "
    "Electric Empty Endless Faded Far First Foreign Frozen Gentle Gilded Golden Grand "
    "Half Hidden Hollow Honest Idle Indigo Iron Ivory Kind Last Late Lazy Little "
    "Lonely Long Loose Lost Low Lucky Mild Minor Narrow Neon Next Northern Old Open "
    "Paper Patient Plain Polar Private Quiet Rapid Red Restless Rough Salt Second "
    "Secret Silver Simple Slow Small Soft Southern Spare Steady Still Strange Summer "
    "Sunday Tall Tender Thin Third Tidal Unwritten Velvet Violet Warm Western White "
    "Wide Wild Winter Wooden Young"
)
NOUNS = _words(
    "Atlas Attic Avenue Balcony Bay Bell Bicycle Bird Boulevard Bridge Candle Canyon "
    "Carousel Chapel City Coast Compass Corner Current Dancer Dawn Desert Diary Door "
    "Drum Echo Engine Evening Feather Ferry Field Fire Flag Fog Forest Fountain Garden "
    "Ghost Glass Harbour Heart Hill Horizon Hotel Hour House Island Kite Ladder Lagoon "
    "Lantern Letter Light Lighthouse Line Machine Map Marble Meadow Mirror Moon "
    "Morning Mountain Museum Night Ocean Orchard Orchid Palace Parade Passenger "
    "Pavement Photograph Pier Pilot Planet Platform Postcard Promise Radio Rain Rider "
    "River Road Roof Room Sail Season Shadow Shore Signal Sister Sky Sleeper Snow "
    "Song Station Stone Storm Stranger Street Sun Swimmer Taxi Telephone Theatre "
    "Thunder Tide Tower Town Train Valley Violin Voice Walk Waltz Water Wave Weather "
    "Window Wing Winter Wire Wolf World Year"
)
GIVEN = _words(
    "Ada Amara Anton Aya Bea Bruno Carla Cleo Dario Davi Dina Edda Elio Elsa Emre "
    "Esme Fadi Farah Felix Freya Gael Gus Hana Hugo Ida Idris Ines Ivo Jana Joon Juno "
    "Kai Kofi Lale Lars Leila Lina Luca Mae Maja Malik Mara Marek Mila Milo Nadia Nia "
    "Nils Noor Olu Omar Otis Petra Pilar Rafa Rhea Rosa Rune Sami Selma Sven Tala "
    "Teo Thea Uma Vera Viktor Wanda Yara Yuki Zara Zeno"
)
FAMILY = _words(
    "Abara Adler Almeida Andersen Ashdown Baptiste Bellamy Berg Calloway Castellanos "
    "Cho Darrow Delacroix Eklund Falk Ferreira Fontaine Garnett Halloran Haruki Holm "
    "Ibarra Jansen Kaplan Karimi Kovacs Lindqvist Lockwood Marchetti Mbeki Moreau "
    "Nakamura Novak Okafor Olsen Park Petrov Quist Ramirez Reyes Rhodes Sandoval "
    "Sato Sinclair Solberg Tanaka Thorne Vance Varga Whitlock Yilmaz Zielinski"
)
WORLD_ARTISTS = (
    "Ночной рейс",
    "夜行バス",
    "Żółta Łódź",
    "Τα Φώτα",
    "서울의 밤",
    "مدينة الضوء",
    "Los Años Luz",
    "Björk­sund",
    "Çiçek & Co.",
    "Ñandú",
    "ザ・ランタンズ",
    "שני חלונות",
    "Mötesplats",
    "Sản Phẩm 9",
    "Ọjọ́ Tuntun",
    "Đorđe i Sunce",
)
WORLD_TITLES = (
    "Дальний свет",
    "雨のプラットフォーム",
    "Mañana, quizás",
    "L’été d’après",
    "Över isen",
    "Φεγγάρι",
    "봄날의 끝",
    "ليل طويل",
    "Ça va (…)",
    "Straße ohne Namen",
    "Água de março, outra vez",
    "Kış Güneşi",
    "שיר לכביש",
    "Noć i dan ♥",
)
ODD_NAMES = (
    "<script>alert('odd')</script>",
    '"><img src=x onerror=alert(1)>',
    "Robert'); DROP TABLE tracks;--",
    "{{ 7*7 }} {% csrf_token %} ${7*7}",
    "\u202eright to left and stuck",
    "Z̷̢̛a̶͎͝l̴̡͠g̸̰͝o̵͚̕ ̶̱̈́r̵̭͐i̶͔̕s̶̫̊i̷̥͝n̴̮̈́g̶̺͊",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👨🏽‍🚀",
    "long " * 100,
    "",
    "   ",
    "&amp; &lt;b&gt; &#x27;",
    "javascript:alert(1)//",
    '=HYPERLINK("http://example.com","click")',
    "null",
    "line\u2028separator",
    "\u200b\u200d\ufeff",
    "../../etc/passwd",
    "מילים ועוד <b>words</b> 123",
)
_VERSIONS = (
    "Live",
    "Acoustic",
    "Remastered 2011",
    "Radio Edit",
    "Demo",
    "Instrumental",
)
_ENDINGS = ("Vol. 1", "EP", "Sessions", "Recordings", "Live at the Pier")


def artist_name(random: Random) -> str:
    """Return the name of a band or a person."""
    choice = random.random()
    if choice < 0.04:
        return random.choice(WORLD_ARTISTS)
    if choice < 0.40:
        return f"{random.choice(GIVEN)} {random.choice(FAMILY)}"
    if choice < 0.70:
        return f"The {random.choice(ADJECTIVES)} {random.choice(NOUNS)}s"
    return f"{random.choice(ADJECTIVES)} {random.choice(NOUNS)}"


def album_name(random: Random) -> str:
    """Return the name of an album."""
    choice = random.random()
    if choice < 0.04:
        return random.choice(WORLD_TITLES)
    if choice < 0.12:
        return f"{random.choice(NOUNS)} {random.choice(_ENDINGS)}"
    return _phrase(random)


def track_title(random: Random) -> str:
    """Return the title of a track, now and then of a particular version."""
    choice = random.random()
    if choice < 0.04:
        return random.choice(WORLD_TITLES)
    if choice < 0.10:
        return f"{_phrase(random)} - {random.choice(_VERSIONS)}"
    return _phrase(random)


def _phrase(random: Random) -> str:
    adjective, noun, other = (
        random.choice(ADJECTIVES),
        random.choice(NOUNS),
        random.choice(NOUNS),
    )
    return random.choice(
        (
            f"{adjective} {noun}",
            f"{adjective} {noun}",
            f"{noun} and {other}",
            f"The {noun}",
            f"{noun} in the {other}",
            f"No More {noun}s",
            f"{random.choice(GIVEN)}’s {noun}",
            f"Under the {adjective} {noun}",
            f"{adjective}",
            f"What the {noun} Said",
        )
    )
