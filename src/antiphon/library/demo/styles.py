"""The eight styles, as data: who plays, what patterns, over which harmony, how fast.

A pattern is one bar of steps, bars parted by `|`; 16 steps are sixteenths, 12 are triplets. `.`
rests and `-` holds; what a digit means depends on the role of the voice:

- beat and chord: how hard, 1 to 9;
- bass: the chord's 1, 3, 5 or 7, an octave higher with 8; `a` approaches the next root;
- arpeggio: which tone of the voicing, from 0, going on upwards beyond its last;
- melody: `x`, a note that the melody chooses.
"""

from dataclasses import dataclass
from typing import Literal

Role = Literal["beat", "chord", "bass", "arpeggio", "melody"]


@dataclass(frozen=True, kw_only=True)
class Voice:
    """One player: the artist picks a sound, the track picks a pattern.

    `sections` are those of the form in which it plays, `wide` its detuning between left and right
    in semitones, `room` how much of it the reverb hears, `centre` the pitch it plays around.
    """

    role: Role
    sounds: tuple[str, ...]
    patterns: tuple[str, ...]
    sections: str = "iab"
    gain_db: float = 0.0
    pan: float = 0.0
    wide: float = 0.0
    room: float = 0.2
    centre: int = 60
    strum_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Progression:
    """Chords in C, one a bar, for the verse (`a`, also `i`) and the bridge (`b`)."""

    scale: str
    home: str
    verse: str
    bridge: str


@dataclass(frozen=True, kw_only=True)
class Finish:
    """How the whole sounds: its reverb, its darkest and brightest, how the kick pumps it."""

    room_s: float = 1.0
    wet: float = 0.5
    lowpass_hz: float = 0.0
    crackle: float = 0.0
    pump: float = 0.0
    loudness: float = -15.0


@dataclass(frozen=True, kw_only=True)
class Style:
    """A way of making music; `genres` begins with the one that names it."""

    genres: tuple[str, ...]
    tempo: tuple[int, int]
    forms: tuple[str, ...]
    phrase_bars: int
    progressions: tuple[Progression, ...]
    voices: tuple[Voice, ...]
    finish: Finish
    swing: float = 0.0
    humanise_s: float = 0.004
    keys: tuple[int, int] = (-5, 6)


AMBIENT = Style(
    genres=("Ambient", "Electronic"),
    tempo=(58, 70),
    forms=("iaba", "aaba"),
    phrase_bars=2,
    progressions=(
        Progression(scale="lydian", home="Cmaj9", verse="Cmaj9 Dadd9", bridge="Am9 Em7"),
        Progression(scale="major", home="Cadd9", verse="Fmaj9 Cadd9", bridge="Am9 Gsus4"),
        Progression(scale="minor", home="Cmadd9", verse="Cm9 Abmaj9", bridge="Ebmaj9 Fm9"),
    ),
    voices=(
        Voice(
            role="chord",
            sounds=("pad", "choir", "strings"),
            patterns=("7---------------",),
            wide=0.14,
            room=0.7,
            centre=58,
        ),
        Voice(
            role="bass",
            sounds=("sub",),
            patterns=("1---------------",),
            sections="ab",
            gain_db=-2,
            room=0.1,
            centre=38,
        ),
        Voice(
            role="arpeggio",
            sounds=("bell", "harp", "vibes"),
            patterns=(
                "0.....2.....4...|..3.......1.....",
                "....3.......2...|5.......1.......",
                "2...4...1...3...|....5.......2...",
            ),
            gain_db=-10,
            pan=0.35,
            room=0.9,
            centre=74,
        ),
        Voice(
            role="melody",
            sounds=("flute", "choir"),
            patterns=("x-------x---x---|................",),
            sections="b",
            gain_db=-9,
            pan=-0.25,
            room=0.9,
            centre=69,
        ),
    ),
    finish=Finish(room_s=3.2, wet=0.9, lowpass_hz=6500, loudness=-17),
    humanise_s=0.02,
)

LOFI = Style(
    genres=("Lo-Fi Hip Hop", "Hip Hop"),
    tempo=(72, 86),
    forms=("iabba", "iabab"),
    phrase_bars=2,
    progressions=(
        Progression(scale="major pentatonic", home="Cmaj9", verse="Dm9 G13", bridge="Em7 Am9"),
        Progression(scale="minor pentatonic", home="Cm9", verse="Cm9 Fm9", bridge="Abmaj7 Gm7"),
        Progression(scale="major pentatonic", home="Cmaj7", verse="Fmaj9 Em7", bridge="Dm9 Cmaj7"),
    ),
    voices=(
        Voice(
            role="beat",
            sounds=("soft kick",),
            patterns=("9......5..8.....", "9.....6...9....4"),
            sections="ab",
            gain_db=2,
            room=0.03,
        ),
        Voice(
            role="beat",
            sounds=("snare", "rim"),
            patterns=("....7.......7..2", "....7..2....7..."),
            sections="ab",
            gain_db=-6,
            room=0.15,
        ),
        Voice(
            role="beat",
            sounds=("hat", "shaker"),
            patterns=("6.4.6.4.6.4.6.43", "5.3.5.335.3.5.3."),
            sections="ab",
            gain_db=-15,
            pan=0.3,
            room=0.1,
        ),
        Voice(
            role="chord",
            sounds=("rhodes", "wurli"),
            patterns=("7-----....6---..", "7---------..5-..", "7--..6------...."),
            gain_db=-4,
            wide=0.06,
            room=0.3,
            centre=60,
            strum_s=0.012,
        ),
        Voice(
            role="bass",
            sounds=("sub", "upright"),
            patterns=("1----..1..5---..", "1------.1-3-5-.."),
            sections="ab",
            gain_db=1,
            room=0.02,
            centre=38,
        ),
        Voice(
            role="melody",
            sounds=("vibes", "rhodes", "nylon"),
            patterns=("..x.x-x---..x---|x-----......x-x-", "x---..x-x-----..|....x-x-x---...."),
            sections="b",
            gain_db=-7,
            pan=-0.3,
            room=0.4,
            centre=73,
        ),
    ),
    finish=Finish(room_s=1.0, wet=0.4, lowpass_hz=5600, crackle=0.012),
    swing=0.28,
    humanise_s=0.009,
)

HOUSE = Style(
    genres=("House", "Electronic"),
    tempo=(119, 126),
    forms=("iabb", "iaba"),
    phrase_bars=4,
    progressions=(
        Progression(
            scale="minor pentatonic",
            home="Cm9",
            verse="Cm9 Cm9 Abmaj7 Bb",
            bridge="Fm9 Gm7 Abmaj7 Bb",
        ),
        Progression(scale="dorian", home="Cm7", verse="Cm9 F9 Cm9 F9", bridge="Ebmaj7 Dm7 Cm9 F9"),
        Progression(
            scale="major pentatonic",
            home="Cmaj7",
            verse="Am9 Fmaj9 Cmaj7 G6",
            bridge="Fmaj9 Em7 Dm9 G6",
        ),
    ),
    voices=(
        Voice(role="beat", sounds=("kick",), patterns=("9...9...9...9...",), gain_db=3, room=0.0),
        Voice(
            role="beat",
            sounds=("clap",),
            patterns=("....8.......8...", "....8.......8..3"),
            sections="ab",
            gain_db=-6,
            room=0.25,
        ),
        Voice(
            role="beat",
            sounds=("open hat",),
            patterns=("..7...7...7...7.",),
            sections="ab",
            gain_db=-8,
            pan=0.15,
            room=0.1,
        ),
        Voice(
            role="beat",
            sounds=("hat", "shaker"),
            patterns=("4343434343434343", "5.345.345.345.34"),
            gain_db=-11,
            pan=-0.3,
            room=0.05,
        ),
        Voice(
            role="bass",
            sounds=("rubber", "sub"),
            patterns=("..1...1...1..18.", "..1-..11..1-..8.", "...1..1...1..1.5"),
            gain_db=0,
            room=0.03,
            centre=40,
            sections="iab",
        ),
        Voice(
            role="chord",
            sounds=("stab", "organ", "rhodes"),
            patterns=("7-.7-..7-.......", "..7-..7-...7-...", "7--..7--..7-...."),
            sections="ab",
            gain_db=-7,
            wide=0.16,
            room=0.4,
            centre=62,
        ),
        Voice(
            role="chord",
            sounds=("strings", "pad"),
            patterns=("7---------------",),
            sections="b",
            gain_db=-14,
            wide=0.2,
            room=0.5,
            centre=67,
        ),
        Voice(
            role="melody",
            sounds=("lead", "vibes", "pulse"),
            patterns=("..x-..x-x-..x---|................", "x-.x-.x-......x-|x---............"),
            sections="b",
            gain_db=-10,
            pan=0.2,
            room=0.5,
            centre=74,
        ),
    ),
    finish=Finish(room_s=1.2, wet=0.4, pump=0.55, loudness=-14),
    humanise_s=0.001,
)

CHIPTUNE = Style(
    genres=("Chiptune", "Electronic"),
    tempo=(132, 158),
    forms=("abab", "iaba"),
    phrase_bars=4,
    progressions=(
        Progression(scale="major", home="C", verse="C G Am F", bridge="F G Em Am"),
        Progression(scale="minor", home="Cm", verse="Cm Ab Eb Bb", bridge="Fm Cm Ab Bb"),
        Progression(scale="mixolydian", home="C", verse="C Bb F C", bridge="Am F G G"),
    ),
    voices=(
        Voice(
            role="beat",
            sounds=("chip kick",),
            patterns=("9.......9.9.....", "9...9...9...9..."),
            gain_db=0,
            room=0.0,
        ),
        Voice(
            role="beat",
            sounds=("chip snare",),
            patterns=("....8.......8...|....8.......8.46",),
            sections="ab",
            gain_db=-8,
            room=0.0,
        ),
        Voice(
            role="beat",
            sounds=("chip hat",),
            patterns=("6.4.6.4.6.4.6.4.", "6344634463446344"),
            sections="ab",
            gain_db=-15,
            pan=0.2,
            room=0.0,
        ),
        Voice(
            role="bass",
            sounds=("triangle",),
            patterns=("1.1.8.1.1.1.8.1.", "1-..1-8-1-..5-8-", "1.8.1.8.1.8.5.8."),
            gain_db=-1,
            room=0.0,
            centre=43,
        ),
        Voice(
            role="arpeggio",
            sounds=("pulse", "square"),
            patterns=("0120120120120123", "0123210012321001", "0102030201020302"),
            gain_db=-12,
            pan=-0.35,
            room=0.05,
            centre=69,
        ),
        Voice(
            role="melody",
            sounds=("square", "pulse"),
            patterns=(
                "x--x--x-x---x-x-|x--x--x-x-------",
                "x-x-x-x-x---x---|x-x-x---x-----x-",
            ),
            sections="ab",
            gain_db=-9,
            pan=0.2,
            room=0.1,
            centre=77,
        ),
    ),
    finish=Finish(room_s=0.35, wet=0.2, loudness=-15),
    humanise_s=0.0,
)

FOLK = Style(
    genres=("Folk", "Acoustic"),
    tempo=(90, 110),
    forms=("iab", "aba"),
    phrase_bars=4,
    progressions=(
        Progression(scale="major", home="C", verse="C G Am F", bridge="F C Dm G"),
        Progression(scale="major", home="Cadd9", verse="C F C Gsus4", bridge="Am Em F G"),
        Progression(scale="dorian", home="Cm7", verse="Cm7 F Cm7 Bb", bridge="Eb Bb F Cm7"),
        Progression(scale="mixolydian", home="C", verse="C Bb F C", bridge="Am F C G"),
    ),
    voices=(
        Voice(
            role="arpeggio",
            sounds=("guitar", "nylon"),
            patterns=(
                "0-2-3-2-1-2-3-2-",
                "0-.23-2-1-.23-2-",
                "0-3-2-3-1-3-2-3-",
                "0-2-4-3-1-2-3-2-",
            ),
            gain_db=0,
            pan=-0.3,
            room=0.25,
            centre=55,
        ),
        Voice(
            role="chord",
            sounds=("guitar", "guitar", "harp"),
            patterns=("8---..4-6-..4-5-", "8-----6-..5-6---"),
            sections="b",
            gain_db=-5,
            pan=0.45,
            room=0.25,
            centre=60,
            strum_s=0.022,
        ),
        Voice(
            role="bass",
            sounds=("upright",),
            patterns=("1-------5-------", "1-------1---5---"),
            sections="ab",
            gain_db=0,
            room=0.1,
            centre=40,
        ),
        Voice(
            role="beat",
            sounds=("shaker",),
            patterns=("4.2.5.2.4.2.5.2.",),
            sections="b",
            gain_db=-17,
            pan=0.3,
            room=0.1,
        ),
        Voice(
            role="melody",
            sounds=("flute", "reed", "strings"),
            patterns=("x---x-x-x-----..|x---x---x-------", "....x-x-x---x---|x-----x-x-------"),
            sections="ab",
            gain_db=-8,
            pan=0.1,
            room=0.5,
            centre=73,
        ),
    ),
    finish=Finish(room_s=1.3, wet=0.5, loudness=-16),
    humanise_s=0.008,
)

JAZZ = Style(
    genres=("Jazz", "Acoustic"),
    tempo=(128, 172),
    forms=("iabaa", "iaba"),
    phrase_bars=4,
    progressions=(
        Progression(
            scale="major", home="Cmaj9", verse="Dm9 G13 Cmaj9 Am7", bridge="Fmaj7 Bb9 Em7 A7"
        ),
        Progression(scale="dorian", home="Cm6", verse="Cm9 F9 Cm9 F9", bridge="Fm9 Bb9 Ebmaj9 G7"),
        Progression(scale="mixolydian", home="C9", verse="C9 F9 C9 C9", bridge="F9 F9 C9 G13"),
        Progression(
            scale="minor", home="Cm9", verse="Fm9 Bb9 Ebmaj9 Abmaj7", bridge="Dm7b5 G7 Cm9 Cm9"
        ),
    ),
    voices=(
        Voice(
            role="beat",
            sounds=("ride",),
            patterns=("7..8.57..8.5", "7..8..7..8.5"),
            gain_db=-15,
            pan=0.4,
            room=0.25,
        ),
        Voice(
            role="beat",
            sounds=("hat",),
            patterns=("...7.....7..",),
            gain_db=-14,
            pan=-0.3,
            room=0.2,
        ),
        Voice(
            role="beat",
            sounds=("brush",),
            patterns=("...5.2...5..|...5..2..5.3", "..3..5....4.|.....3..5..."),
            sections="ab",
            gain_db=-15,
            room=0.3,
        ),
        Voice(
            role="beat",
            sounds=("soft kick",),
            patterns=("5.....4.....",),
            sections="ab",
            gain_db=-9,
            room=0.15,
        ),
        Voice(
            role="bass",
            sounds=("upright",),
            patterns=("1--3--5--a--", "1--5--3--a--", "1--8--5--a--|1--3--5--a--"),
            gain_db=3,
            room=0.15,
            centre=40,
        ),
        Voice(
            role="chord",
            sounds=("piano", "wurli", "rhodes"),
            patterns=("6.....6-.6..|..6.........", ".....7---...|...6........", "6--..5......"),
            sections="ab",
            gain_db=-6,
            pan=-0.3,
            room=0.3,
            centre=61,
        ),
        Voice(
            role="melody",
            sounds=("piano", "vibes", "reed"),
            patterns=(
                "x-xx-xx-xx--|...x-xx--...",
                "..xx-xx--...|x--x-xx-xx--",
                "x--..xx-xx-x|x-----......",
            ),
            sections="ab",
            gain_db=-1,
            pan=0.1,
            room=0.35,
            centre=72,
        ),
    ),
    finish=Finish(room_s=1.1, wet=0.45, loudness=-16),
    humanise_s=0.01,
)

DRUM_AND_BASS = Style(
    genres=("Drum and Bass", "Electronic"),
    tempo=(168, 176),
    forms=("iabbab", "iaabb"),
    phrase_bars=4,
    progressions=(
        Progression(
            scale="minor pentatonic",
            home="Cm9",
            verse="Cm9 Cm9 Abmaj7 Abmaj7",
            bridge="Fm9 Fm9 Gm7 Gm7",
        ),
        Progression(scale="dorian", home="Cm9", verse="Cm9 Cm9 Ebmaj7 F9", bridge="Bb Bb F9 Cm9"),
        Progression(
            scale="minor", home="Cm9", verse="Cm9 Cm9 Ebmaj7 Bb", bridge="Abmaj9 Abmaj9 Bb Gm7"
        ),
    ),
    voices=(
        Voice(
            role="beat",
            sounds=("kick",),
            patterns=("9.........9.....|9..7......9.....", "9.....7...9....."),
            sections="ab",
            gain_db=3,
            room=0.02,
        ),
        Voice(
            role="beat",
            sounds=("snare",),
            patterns=("....9..2.2..9..3|....9..2.2..9.46", "....9..3....9..2"),
            sections="ab",
            gain_db=-4,
            room=0.15,
        ),
        Voice(
            role="beat",
            sounds=("hat", "ride", "shaker"),
            patterns=("7.536.537.536.53", "6464646464646464"),
            gain_db=-11,
            pan=0.2,
            room=0.08,
        ),
        Voice(
            role="bass",
            sounds=("reese", "sub"),
            patterns=("1-----..1--..1--|1-------..8-5---", "1---------..3-5-|1-----1---..1---"),
            sections="ab",
            gain_db=-1,
            wide=0.12,
            room=0.03,
            centre=36,
        ),
        Voice(
            role="chord",
            sounds=("pad", "strings", "choir"),
            patterns=("6---------------",),
            gain_db=-9,
            wide=0.2,
            room=0.6,
            centre=64,
        ),
        Voice(
            role="arpeggio",
            sounds=("bell", "stab", "vibes"),
            patterns=("0..3..1...4..2..", "4..2..3..1..2.0.", "0.2.4..3......1."),
            sections="ib",
            gain_db=-13,
            pan=-0.35,
            room=0.7,
            centre=76,
        ),
        Voice(
            role="melody",
            sounds=("lead", "flute"),
            patterns=("x---------x-x---|x---------------",),
            sections="b",
            gain_db=-10,
            pan=0.25,
            room=0.7,
            centre=74,
        ),
    ),
    finish=Finish(room_s=1.6, wet=0.45, loudness=-14),
    humanise_s=0.002,
)

NEOCLASSICAL = Style(
    genres=("Neoclassical", "Piano"),
    tempo=(66, 84),
    forms=("iabab", "iaba"),
    phrase_bars=2,
    progressions=(
        Progression(scale="minor", home="Cm", verse="Cm Abmaj7", bridge="Ebadd9 Bb"),
        Progression(scale="major", home="C", verse="Cadd9 Em", bridge="Fmaj7 Gsus4"),
        Progression(scale="minor", home="Cm", verse="Cm Gm", bridge="Abmaj7 Fm"),
        Progression(scale="major", home="C", verse="Am Fadd9", bridge="C G"),
    ),
    voices=(
        Voice(
            role="arpeggio",
            sounds=("piano", "felt"),
            patterns=(
                "0-1-2-3-2-1-2-1-",
                "0-2-1-2-3-2-1-2-",
                "0-1-2-1-3-1-2-1-",
                "0---2-1-3---2-1-",
            ),
            gain_db=-4,
            pan=-0.15,
            room=0.4,
            centre=57,
        ),
        Voice(
            role="bass",
            sounds=("piano", "felt"),
            patterns=("1---------------", "1-------5-------"),
            gain_db=-1,
            pan=-0.25,
            room=0.3,
            centre=42,
        ),
        Voice(
            role="melody",
            sounds=("piano", "felt"),
            patterns=("x-----x-x---x---|x---------------", "x---x---x-----x-|x-------x-------"),
            sections="ab",
            gain_db=2,
            pan=0.15,
            room=0.45,
            centre=74,
        ),
        Voice(
            role="chord",
            sounds=("strings",),
            patterns=("5---------------",),
            sections="b",
            gain_db=-17,
            wide=0.1,
            room=0.7,
            centre=64,
        ),
    ),
    finish=Finish(room_s=2.2, wet=0.6, loudness=-17),
    humanise_s=0.014,
)

STYLES: dict[str, Style] = {
    style.genres[0]: style
    for style in (AMBIENT, LOFI, HOUSE, CHIPTUNE, FOLK, JAZZ, DRUM_AND_BASS, NEOCLASSICAL)
}
