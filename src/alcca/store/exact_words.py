"""The index of an exact search: SQLite's full-text index of the folded words of songs.

The index keeps no texts (FTS5's option ``content=''``), so to remove a song it needs the words by which the song was
indexed. Their checksum is kept: where it does not fit, because the song's row is damaged or words are folded otherwise
since, the whole index is built anew.
"""

import itertools
import json
import re
import sqlite3
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from alcca.errors import UsageError
from alcca.matching.characters import is_spaceless
from alcca.matching.exact_words import Term, index_form, terms
from alcca.store.tables import PartTables
from alcca.store.time_limit import time_limit

if TYPE_CHECKING:
    from alcca.store.records import Song

__all__ = ["MAX_WORDS", "ExactWords", "wanted_terms"]

# More different words than a song has. The time for words of one song grows with the square of their number.
MAX_WORDS = 500
# Hyphenated words such as merry-go-round, and runs of a script without spaces, are looked up as one phrase, a longer
# chain in pieces of this many tokens.
MAX_PHRASE = 8
# Of the best hits, those with a word exactly as typed come first; more are not read.
MAX_READ = 200
# To rank a song takes seven times as long as to find it: of more hits than this, only those are ranked that have all
# words in their title and artist, and the others follow in the order in which they were added.
MAX_RANKED = 20_000
# Words that are looked for as they are typed.
MAX_EXACT = 16
BULK = 1000
# The texts of a song that are indexed.
TEXTS = "id, title, artist, lyrics, text FROM songs LEFT JOIN readings ON song = id"


class ExactWords(PartTables):
    """The full-text index of titles, artists, lyrics and the readings of their characters.

    A database that cannot be written may lack these tables: a library of format 2 has another index, of words without
    accents in Latin script, which is then searched.
    """

    schema: ClassVar[str] = """
CREATE VIRTUAL TABLE IF NOT EXISTS exact_words USING fts5(
    title, artist, lyrics, aloud, compounds, content='', tokenize='ascii'
);
CREATE TABLE IF NOT EXISTS exact_words_of (song INTEGER PRIMARY KEY, checksum INTEGER NOT NULL);
"""
    required: ClassVar[bool] = False
    folds: ClassVar[bool] = True

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__(db)
        self.is_old = not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'exact_words_of'").fetchone()

    def song_put(self, number: int, before: "Song | None", now: "Song") -> None:
        """Index the words of a song that is new or has changed."""
        earlier = None if before is None else _texts(before)
        texts = _texts(now)
        if earlier == texts:
            return
        if earlier is not None and not self._remove(number, earlier):
            self.rebuild()
            return
        self._add([(number, *texts)])

    def forget(self, numbers: Sequence[int]) -> None:
        """Remove songs from the index."""
        for number in numbers:
            row = self._db.execute(f"SELECT {TEXTS} WHERE id = ?", (number,)).fetchone()
            if row is not None and not self._remove(number, row[1:]):
                self.rebuild(without=numbers)
                return

    def damaged(self) -> set[int]:
        """None: a damaged word only misleads a search, and songs have their own checksums."""
        return set()

    def stale_indexes(self) -> list[str]:
        """The name of the index if it does not hold exactly the words of the songs."""
        counted: Counter[str] = Counter()
        stamps = dict(self._db.execute("SELECT song, checksum FROM exact_words_of"))
        for number, *texts in self._db.execute(f"SELECT {TEXTS}"):
            forms = _forms(texts)
            if stamps.pop(number, None) != _checksum(forms):
                return ["exact words"]
            counted.update(" ".join(forms).split())
        self._db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.indexed USING fts5vocab(main, exact_words, row)")
        return (
            [] if not stamps and counted == dict(self._db.execute("SELECT term, cnt FROM indexed")) else ["exact words"]
        )

    def rebuild(self, without: Sequence[int] = ()) -> None:
        """Index all songs anew, but those that are about to be deleted."""
        self._db.execute("INSERT INTO exact_words(exact_words) VALUES ('delete-all')")
        self._db.execute("DELETE FROM exact_words_of")
        rows = self._db.execute(
            f"SELECT {TEXTS} WHERE id NOT IN (SELECT value FROM json_each(?)) ORDER BY id",
            (json.dumps(list(without)),),
        )
        while songs := rows.fetchmany(BULK):
            self._add(songs)

    def _add(self, songs: Iterable[tuple[Any, ...]]) -> None:
        forms = [(number, *_forms(texts)) for number, *texts in songs]
        self._db.executemany(
            "INSERT INTO exact_words(rowid, title, artist, lyrics, aloud, compounds) VALUES (?, ?, ?, ?, ?, ?)", forms
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO exact_words_of VALUES (?, ?)",
            ((number, _checksum(form)) for number, *form in forms),
        )

    def _remove(self, number: int, texts: Iterable[str | None]) -> bool:
        """Remove a song by the words of its texts; False if it was indexed by others."""
        stored = self._db.execute("SELECT checksum FROM exact_words_of WHERE song = ?", (number,)).fetchone()
        form = _forms(texts)
        if stored is None or stored[0] != _checksum(form):
            return False
        self._db.execute(
            "INSERT INTO exact_words(exact_words, rowid, title, artist, lyrics, aloud, compounds) "
            "VALUES ('delete', ?, ?, ?, ?, ?, ?)",
            (number, *form),
        )
        self._db.execute("DELETE FROM exact_words_of WHERE song = ?", (number,))
        return True

    def search(self, text: str) -> list[int]:
        """Ids of the songs with every word of ``text``, best match first.

        The last word may be the beginning of a word, unless a space follows it. Songs with the whole word come before
        those with a longer one, then songs with more words exactly as they are typed (with these accents).

        Raises
        ------
        UsageError
            More different words than `MAX_WORDS`, or a search that takes too long.
        """
        if self.is_old:
            return self._search_old(text)
        wanted = wanted_terms(text)
        if not wanted:
            return []
        with time_limit(self._db):
            found = self._matching(wanted)
            whole = frozenset(found)
            if wanted[-1].is_word and not text[-1].isspace():
                found += (song for song in self._matching(wanted, last_begins=True) if song not in whole)
            exact = self._exact(found[:MAX_READ], text)
        best = sorted(found[:MAX_READ], key=lambda song: (song not in whole, -exact.get(song, 0)))
        return best + found[MAX_READ:]

    def _matching(self, wanted: Sequence[Term], last_begins: bool = False) -> list[int]:
        query = " AND ".join(map(_query, wanted[:-1] if last_begins else wanted))
        if last_begins:
            query += (" AND " if query else "") + _query(wanted[-1], "*")
        found = self._songs(query)
        if len(found) <= MAX_RANKED:
            return self._songs(query, "ORDER BY rank")
        named = dict.fromkeys(self._songs(f"{{title artist}} : ({query})", "ORDER BY rank"))
        return [*named, *(song for song in found if song not in named)]

    def _songs(self, query: str, order: str = "") -> list[int]:
        rows = self._db.execute(f"SELECT rowid FROM exact_words WHERE exact_words MATCH ? {order}", (query,))
        return [song for (song,) in rows]

    def _exact(self, songs: Sequence[int], text: str) -> dict[int, int]:
        """How many of the words of a query each song has exactly as they are typed."""
        words = [_typed(word) for word in dict.fromkeys(_cased(text).split()[:MAX_EXACT])]
        rows = self._db.execute(f"SELECT {TEXTS} WHERE id IN ({', '.join('?' * len(songs))})", songs)
        return {
            song: sum(word.search(there) is not None for word in words)
            for song, *texts in rows
            for there in (_cased("\n".join(filter(None, texts))),)
        }

    def _search_old(self, text: str) -> list[int]:
        words = dict.fromkeys(re.findall(r"[^\W_]+", text))
        if not words:
            return []
        if len(words) > MAX_WORDS:
            raise _too_many()
        query = " ".join(f'"{word}"' for word in words)
        with time_limit(self._db):
            rows = self._db.execute("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank", (query,)).fetchall()
        return [song for (song,) in rows]


def _texts(song: "Song") -> tuple[str | None, ...]:
    return song.title, song.artist, song.lyrics, song.lyrics_aloud


def wanted_terms(text: str) -> list[Term]:
    """The different words of a query; a word that differs only in accents, case or punctuation is the same one.

    Raises
    ------
    UsageError
        More different words than `MAX_WORDS`; a character of a script without spaces counts as a word.

    Examples
    --------
    >>> [" ".join(term.tokens) for term in wanted_terms("Früh fruh, FRÜH! am merry-go-round OR *")]
    ['fruh', 'am', 'merry go round', 'or']
    """
    wanted, words = [], 0
    for term in terms(text, MAX_PHRASE):
        wanted.append(term)
        words += len(term.tokens)
        if words > MAX_WORDS:
            raise _too_many()
    return wanted


def _too_many() -> UsageError:
    return UsageError(f"an exact search takes at most {MAX_WORDS} different words; give fewer of them")


def _query(term: Term, sign: str = "") -> str:
    """A term in the query language of FTS5."""
    forms = (" ".join(term.tokens), *filter(None, [term.compound]))
    return "(" + " OR ".join(f'"{form}"{sign}' for form in forms) + ")"


def _forms(texts: Iterable[str | None]) -> tuple[str, ...]:
    """The folded words of each text, and the compounds of all."""
    forms, compounds = zip(*(index_form(text or "") for text in texts), strict=True)
    return (*forms, " ".join(compounds))


def _checksum(forms: Iterable[str]) -> int:
    return zlib.crc32("\n".join(forms).encode())


def _cased(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _typed(word: str) -> re.Pattern[str]:
    """A word where it begins a word; in a script without spaces, anywhere."""
    word = "".join(itertools.dropwhile(lambda letter: not letter.isalnum(), word)) or word
    return re.compile(("" if is_spaceless(word[0]) else r"(?<!\w)") + re.escape(word))
