"""Songs that tests put into databases of every format."""

import random
import sqlite3

LRCLIB = """
CREATE TABLE tracks (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, name_lower TEXT, artist_name TEXT,
    artist_name_lower TEXT, album_name TEXT, album_name_lower TEXT, duration FLOAT, last_lyrics_id INTEGER,
    created_at DATETIME, updated_at DATETIME);
CREATE TABLE lyrics (id INTEGER PRIMARY KEY AUTOINCREMENT, plain_lyrics TEXT, synced_lyrics TEXT, track_id INTEGER,
    has_plain_lyrics BOOLEAN, has_synced_lyrics BOOLEAN, instrumental BOOLEAN, source TEXT, created_at DATETIME,
    updated_at DATETIME, flags_count INTEGER DEFAULT 0);
"""
CONSONANTS = "bklmtsdvpnxgzfrhwjcq"
SYLLABLES = [one + vowel for one in CONSONANTS for vowel in "aeiou"]


def words(seed, count=120):
    """The lyrics of a song, six words to a line; other songs have other words."""
    draw = random.Random(seed)
    made = ["".join(draw.choices(SYLLABLES, k=draw.randrange(1, 4))) for _ in range(count)]
    return "\n".join(" ".join(made[start : start + 6]) for start in range(0, count, 6))


def song(number, **other):
    """Values of a song by field."""
    fields = {
        "title": f"Song of {words(number, 2).replace(chr(10), ' ')}",
        "artist": f"Band {number % 7}",
        "album": "First",
        "duration": 150.0 + number,
        "lyrics": words(number),
        "synced": None,
        "instrumental": 0,
    }
    return fields | other


def write_lrclib(path, songs, first=1):
    """Write an LRCLIB dump, or add to it."""
    db = sqlite3.connect(path)
    if first == 1:
        db.executescript(LRCLIB)
    for number, one in enumerate(songs, first):
        db.execute(
            "INSERT INTO tracks (id, name, artist_name, album_name, duration) VALUES (?, ?, ?, ?, ?)",
            (number, one["title"], one["artist"], one["album"], one["duration"]),
        )
        db.execute(
            "INSERT INTO lyrics (id, plain_lyrics, synced_lyrics, track_id, instrumental) VALUES (?, ?, ?, ?, ?)",
            (number, one["lyrics"], one["synced"], number, one["instrumental"]),
        )
        if one["lyrics"] or one["synced"] or one["instrumental"]:
            db.execute("UPDATE tracks SET last_lyrics_id = id WHERE id = ?", (number,))
    db.commit()
    db.close()
    return path
