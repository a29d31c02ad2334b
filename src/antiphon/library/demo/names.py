"""The invented names: who there is, what they made, what it is called, a few words to sing."""

from dataclasses import dataclass

from antiphon.library.demo.compose import Sound

VARIOUS = "Various Artists"
AMBIENT, LOFI, HOUSE, CHIPTUNE = "Ambient", "Lo-Fi Hip Hop", "House", "Chiptune"
FOLK, JAZZ, DRUM_AND_BASS, NEOCLASSICAL = "Folk", "Jazz", "Drum and Bass", "Neoclassical"


@dataclass(frozen=True)
class Release:
    """An album: `style` is one of the styles, "" for one track of each."""

    artist: str
    title: str
    year: int
    style: str
    tracks: int
    suffix: str = "mp3"
    discs: int = 1


ARTISTS: dict[str, Sound] = {
    "Halden Drift": Sound(taste=0, pace=0.2, brightness=0.9, room=1.1),
    "Nymira": Sound(taste=1, pace=0.6, brightness=1.0, room=1.2),
    "Slow Meridian": Sound(taste=2, pace=0.4, brightness=1.1, room=1.0),
    "Paper Lanterns": Sound(taste=0, pace=0.4, brightness=0.95, room=1.0),
    "Koji Amber": Sound(taste=1, pace=0.7, brightness=1.05, room=0.9),
    "Velvet Transit": Sound(taste=0, pace=0.4, brightness=1.0, room=1.0),
    "Marlo Vance": Sound(taste=1, pace=0.7, brightness=1.1, room=0.8),
    "Night Ferry Club": Sound(taste=2, pace=0.3, brightness=0.9, room=1.3),
    "Bitwise Bandits": Sound(taste=0, pace=0.7, brightness=1.1, room=1.0),
    "Octo Sprite": Sound(taste=1, pace=0.3, brightness=0.9, room=1.0),
    "Wren & Alder": Sound(taste=0, pace=0.4, brightness=1.0, room=1.0),
    "Tamsin Hale": Sound(taste=1, pace=0.2, brightness=0.85, room=1.2),
    "The Millstone Three": Sound(taste=2, pace=0.8, brightness=1.15, room=0.9),
    "Odile Brandt Trio": Sound(taste=0, pace=0.6, brightness=1.0, room=1.0),
    "Low Window Trio": Sound(taste=1, pace=0.2, brightness=0.9, room=1.2),
    "Kestrel Circuit": Sound(taste=0, pace=0.7, brightness=1.1, room=0.9),
    "Undertow 174": Sound(taste=1, pace=0.4, brightness=0.95, room=1.1),
    "Ilse Varga": Sound(taste=0, pace=0.5, brightness=1.0, room=1.0),
    "Anton Mirel": Sound(taste=1, pace=0.3, brightness=0.95, room=1.2),
    "Sorrel Quay": Sound(taste=0, pace=0.8, brightness=1.2, room=0.8),
}

RELEASES = (
    Release("Odile Brandt Trio", "Blue Umbrella", 2021, JAZZ, 5),
    Release("Paper Lanterns", "Tea Before Rain", 2022, LOFI, 5),
    Release("Wren & Alder", "Hedgerow Hymns", 2019, FOLK, 5),
    Release("Night Ferry Club", "Deck Nine", 2023, HOUSE, 4, "opus"),
    Release("Ilse Varga", "Small Rooms", 2018, NEOCLASSICAL, 5, "flac"),
    Release("Bitwise Bandits", "Continue?", 2020, CHIPTUNE, 5),
    Release("Kestrel Circuit", "Slipstream", 2024, DRUM_AND_BASS, 5, "m4a"),
    Release("Slow Meridian", "The Long Noon", 2022, AMBIENT, 8, "opus", discs=2),
    Release(VARIOUS, "Antiphon Sampler, Vol. 1", 2025, "", 8, "opus"),
    Release("Tamsin Hale", "A Kettle and a Map", 2023, FOLK, 4),
    Release("Marlo Vance", "Warm Machinery", 2021, HOUSE, 5),
    Release("Koji Amber", "Corner Store Sundays", 2020, LOFI, 5, "opus"),
    Release("Nymira", "Glass Orchard", 2017, AMBIENT, 4),
    Release("Low Window Trio", "After the Last Set", 2016, JAZZ, 4, "flac"),
    Release("Octo Sprite", "Eight Small Suns", 2024, CHIPTUNE, 5, "opus"),
    Release("Anton Mirel", "Letters Unsent", 2021, NEOCLASSICAL, 4),
    Release("Undertow 174", "Tidal Lock", 2022, DRUM_AND_BASS, 4),
    Release("Halden Drift", "Harbour at Low Light", 2019, AMBIENT, 5, "m4a"),
    Release("The Millstone Three", "Water Over Stone", 2018, FOLK, 4, "opus"),
    Release("Velvet Transit", "Last Train Lights", 2020, HOUSE, 4),
    Release("Sorrel Quay", "Snow on the Keys", 2025, NEOCLASSICAL, 5),
    Release("Koji Amber", "Standing Room", 2023, JAZZ, 4),
    Release("Velvet Transit", "Night Bus Home", 2024, DRUM_AND_BASS, 4, "opus"),
    Release("Nymira", "Nocturnes for Nobody", 2023, NEOCLASSICAL, 5, "m4a"),
    Release("Paper Lanterns", "Second Floor, Rear Window", 2025, LOFI, 4),
)

_TITLES = {
    AMBIENT: (
        "Tidewater|Soft Horizon|Under Glass|First Frost|Cloud Ledger|Lantern Fields|Estuary|"
        "Breathing Stone|The Air Above Towns|Pale Archive|Leaving the Lights On|Moss Clock|"
        "Half-Remembered Shore|Aurora Waiting Room|Weightless Monday|Salt and Static|Far Bell|"
        "Sleepwalk Meadow"
    ),
    LOFI: (
        "Rain on the Awning|Warm Mug|Homework at Midnight|Bus Stop Daydream|Left on Read|"
        "Dusty Cassette|Sunday, Slowly|Cat on the Amp|Window Seat|Spare Key|Streetlight Study|"
        "Late Checkout|Noodle Bar|Soft Focus|Borrowed Umbrella"
    ),
    HOUSE: (
        "Platform Two|Glitter on the Floor|Hold the Door|Basement Weather|Hands on the Rail|"
        "Copper Wire|Open Till Six|Strobe and Silk|Warehouse Garden|Neon Ferry|Four Walls, Moving|"
        "Late Lift|Kindly Louder|Second Wind"
    ),
    CHIPTUNE: (
        "Press Start|Level of Detail|Coin Rain|Boss on Break|Sky Dungeon|Extra Life|Save Point|"
        "Sprite Parade|Hidden Door|Cartridge Summer|Low Battery Waltz"
    ),
    FOLK: (
        "The Ferryman's Daughter|Blackthorn Lane|Bread and Salt|Over the Stile|Candle in the Byre|"
        "Wool and Water|Nine Miles Yet|Barley Wind|A Map of Small Rivers|Kettle Song|"
        "The Apple Loft|Come In from the Cold|Old Road, New Boots|Swallow Weather"
    ),
    JAZZ: (
        "Blue Umbrella|Two Coffees, One Spoon|Slow Elevator|The Cat Sat In|Quarter Past Nearly|"
        "Second Chorus Blues|Lamplight Walk|Odd Socks|Brushes for Breakfast|Paid in Cigars|"
        "Minor Misunderstanding|The Window Table|Closing Time Again|Hat on a Nail"
    ),
    DRUM_AND_BASS: (
        "Jetstream|Cut the Lights|Glass Tunnel|Vector Bloom|Night Drive North|Afterimage|"
        "Pressure Front|Signal Loss|Deep Current|Overpass|Red Shift Weather|Concrete Birds|"
        "Terminal Velocity Garden|Low Orbit"
    ),
    NEOCLASSICAL: (
        "Prelude for an Empty Hall|Dust in Sunlight|The Unmade Bed|Étude with Rain|Winter Address|"
        "What the Piano Kept|November, Indoors|Letter to M.|Small Hours|White Room|"
        "Folding Linen|Nocturne in Passing|A Door Left Open|Snowfall, Interrupted|"
        "Grandmother's Clock|"
        "The Lake Remembers|Elegy for a Bicycle|Slow Arithmetic|Candle, Turning|Reprise"
    ),
}
TITLES = {style: tuple(text.split("|")) for style, text in _TITLES.items()}

VERSES = (
    (
        "The kettle sings, the road is long,",
        "the map is wet, the tea is strong,",
        "and every river that I know",
        "has somewhere better still to go.",
        "So leave the lantern by the door,",
        "I'll be a little late, no more.",
    ),
    (
        "I wrote your name in window steam,",
        "the bus went by, it broke the dream,",
        "a hundred faces, none of them you,",
        "the morning was a paler blue.",
        "Call me once and let it ring,",
        "I'll know the tune, I'll know the thing.",
    ),
    (
        "Stone by stone the wall went up,",
        "a swallow drank from the rain-filled cup,",
        "and we who came with nothing to say",
        "said it again on market day.",
        "Oh barley wind, come over the hill,",
        "the gate is open, the air is still.",
    ),
)
