"""Which song of a lyric database is sung: candidates by shared n-grams and titles, aligned letter by letter.

The bits of words, tags, file name and length are added up, as the parts of a search are (`alcca.search.fusion`), and
`alcca.matching.posterior` makes a probability of them over all texts of the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from alcca.cleaning.lyrics import clean_lyrics
from alcca.lyric_databases.candidate import Candidate
from alcca.lyric_databases.evidence import LEAST, MOST, MOST_WITHOUT_WORDS, NameEvidence, length_bits
from alcca.lyric_databases.postings import Segment, most_votes
from alcca.lyric_databases.row import Row
from alcca.lyric_databases.sketches import share_in_common
from alcca.lyric_databases.song_table import INDEXED, IndexedSong, SongTable, letters_of
from alcca.lyric_databases.titles import claims_of, title_key
from alcca.matching.alignment import align, local_scores
from alcca.matching.background import bundled_background
from alcca.matching.bits import LAMBDA, K
from alcca.matching.folding import fold_letters
from alcca.matching.ngrams import wanted_grams
from alcca.matching.posterior import SCALE, certainty, posterior
from alcca.texts.timed import sung_words
from alcca.transcripts import Transcript, text_of

__all__ = ["Clues", "Identifier"]

# Texts by shared n-grams that are aligned, and of these those that are cleaned and compared in full.
VOTED, COMPARED = 80, 16
# Songs with the claimed title that are looked at, and of these those that are compared.
TITLED, TITLED_COMPARED = 500, 8
# Letters of a transcript that are aligned at a time: an hour of songs has 60,000.
LONGEST = 6000
# Two candidates are one answer if the smaller has this share of its n-grams in the other.
ONE_ANSWER = 0.55
# Fewer bits of words are what any texts have in common: the answer rests on names then.
FEW_BITS = 12.0
# The most that tags without words are worth: some are wrong, and some recordings are of other songs. And what a line is
# worth that a song may only quote.
DOUBTFUL = 0.9
# Fewer letters in a transcript are invented as often as heard; so many are not invented.
FEW_LETTERS, MANY_LETTERS = 30, 150
# Nine of ten instrumentals have no words in their transcripts, and six of 100 songs. (Assumed.)
NO_WORDS_BITS = float(np.log2(0.9 / 0.06)) / SCALE
# An instrumental in which many words were heard; a song whose words are not among the many that were heard. (Assumed.)
MANY_WORDS_BITS, OTHER_WORDS_BITS = -25.0, -8.0
# Versions of a song that fit names and length as well, of which the one is taken that was heard.
TIED, TIED_BITS = 8, 1.0
# "Sure" takes a song, not a line that songs quote: so many letters must match, or most of short lyrics, and so much of
# what was heard or of the lyrics; or names agree.
LETTERS_OF_SONG, MOST_OF_SHORT, SHARE_OF_SONG = 50, 0.7, 0.2
# Stretches of what was heard that are looked for in the lyrics; one by chance has fewer bits.
STRETCHES, STRETCH_BITS = 5, 8.0


@dataclass(frozen=True)
class Clues:
    """What is known of a recording.

    Parameters
    ----------
    transcript : Transcript, str or None
    title, artist, file_name : str or None
    duration : float or None
        In seconds.
    """

    transcript: Transcript | str | None
    title: str | None = None
    artist: str | None = None
    file_name: str | None = None
    duration: float | None = None


@dataclass
class _Answer:
    """Versions of one song, and the evidence for the best of them."""

    song: IndexedSong
    letters: bytes
    heard: float = 0.0
    named: float = 0.0
    against: float = 0.0
    versions: int = 1
    tied: list[int] = field(default_factory=list)

    def bits(self, most: float) -> float:
        """All evidence, that of names within limits."""
        return self.heard + min(max(self.named, LEAST), most) + self.against


class Identifier:
    """Searches an index.

    Parameters
    ----------
    table : SongTable
    segments : sequence of Segment
    """

    def __init__(self, table: SongTable, segments: Sequence[Segment]) -> None:
        self._table, self._segments = table, segments
        self.songs, self.texts = table.counts()

    def identify(self, clues: Clues, k: int) -> list[Candidate]:
        """The songs that may be sung, best first, at most ``k``; versions of one song are one."""
        spoken = text_of(clues.transcript)
        letters = fold_letters(spoken)[:LONGEST]
        claims = claims_of(clues.title, clues.artist, clues.file_name)
        names = NameEvidence(claims, lambda title: self._table.title_count(title_key(title), TITLED), self.songs)
        found = self._by_words(letters)
        known = {song.text for song in found}
        found += [song for song in self._by_names(clues, names) if song.text is None or song.text not in known]
        answers = self._answers(spoken, found, clues, names)
        if not answers:
            return []
        heard = max(answer.heard for answer in answers)
        most = MOST if heard >= FEW_BITS else MOST_WITHOUT_WORDS
        for answer in answers:
            answer.against = _against(answer, len(letters))
        answers.sort(key=lambda answer: -answer.bits(most))
        answers = [answer for answer in _one_of_each(answers) if answer.bits(most) > 0]
        likely = posterior([answer.bits(most) for answer in answers], max(self.texts, len(answers)))
        return [
            self._candidate(answer, float(p), answer.bits(most), letters)
            for answer, p in zip(answers[:k], likely.tolist(), strict=False)
        ]

    def texts_by_words(self, letters: str, most: int) -> list[int]:
        """The texts that share most n-grams with folded letters, best first."""
        wanted = wanted_grams(letters)
        if not wanted.size:
            return []
        found: list[int] = most_votes(self._segments, wanted, most, max(self.texts, 1))[0].tolist()
        return found

    def words(self, text: int) -> tuple[IndexedSong, bytes]:
        """The song whose words a text is, and its folded letters."""
        song = self._table.first_of(text)
        return song, letters_of(song.row)

    def _by_words(self, letters: str) -> list[IndexedSong]:
        """Songs by shared n-grams, those that align best first."""
        songs = [self.words(text) for text in self.texts_by_words(letters, VOTED)]
        scores = local_scores(letters, [written.decode("ascii") for _, written in songs])
        sizes = np.array([max(len(written), 1) for _, written in songs])
        worth = LAMBDA * scores - np.log(np.maximum(K * max(len(letters), 1) * sizes, 1.0))
        return [songs[place][0] for place in np.argsort(-worth, kind="stable")[:COMPARED].tolist()]

    def _by_names(self, clues: Clues, names: NameEvidence) -> list[IndexedSong]:
        """Songs whose titles are claimed, those that fit names and length best first."""
        titles = dict.fromkeys(claim.title for claim in claims_of(clues.title, clues.artist, clues.file_name))
        songs = [song for title in titles if title for song in self._table.titled(title_key(title), TITLED)]
        songs.sort(key=lambda song: -(names.bits(song.row) + length_bits(clues.duration, song.row.duration)))
        best: dict[int | None, IndexedSong] = {}
        for song in songs:
            best.setdefault(song.text, song)
        return [*best.values()][:TITLED_COMPARED]

    def _answers(self, spoken: str, found: list[IndexedSong], clues: Clues, names: NameEvidence) -> list[_Answer]:
        answers = []
        for song in found:
            if song.text is None:
                named = names.bits(song.row) + length_bits(clues.duration, song.row.duration)
                answers.append(_Answer(song, b"", named=named))
                continue
            versions = self._table.versions(song.text)
            worth = [names.bits(one.row) + length_bits(clues.duration, one.row.duration) for one in versions]
            # Of several that fit as well, the first of the database.
            best = max(range(len(versions)), key=lambda place: (worth[place], -place))
            tied = [one.id for one, bits in zip(versions, worth, strict=True) if bits > worth[best] - TIED_BITS]
            full, count = self._table.song(versions[best].id), self._table.version_count(song.text)
            answers.append(_Answer(full, b"", named=worth[best], versions=count, tied=tied[:TIED]))
        sung = [_sung(answer.song.row) for answer in answers]
        heard, _ = bundled_background().matches(spoken, sung)
        for answer, text, bits in zip(answers, sung, heard.tolist(), strict=True):
            answer.heard = bits
            answer.letters = fold_letters(text).encode("ascii", "ignore")
        return answers

    def _candidate(self, answer: _Answer, probability: float, bits: float, letters: str) -> Candidate:
        if probability > DOUBTFUL:
            # Where little was heard, names may stand for the rest.
            named = answer.heard >= FEW_BITS and answer.named > FEW_BITS and len(letters) < MANY_LETTERS
            if not named and not _is_song(letters, answer.letters.decode("ascii")):
                probability = DOUBTFUL
        row = self._as_heard(answer, letters)
        return Candidate(
            title=row.title,
            artist=row.artist,
            album=row.album,
            duration=row.duration,
            lyrics=row.lyrics or sung_words(row.synced or ""),
            synced=row.synced,
            bits=bits,
            probability=probability,
            certainty=certainty(probability),
            instrumental=row.instrumental,
            versions=answer.versions,
            heard_bits=answer.heard,
        )

    def _as_heard(self, answer: _Answer, letters: str) -> Row:
        """The version whose words fit best, of those that fit the names as well; the first one of equals."""
        if len(answer.tied) < 2:
            return answer.song.row
        rows = [self._table.song(number).row for number in answer.tied]
        scores = local_scores(letters, [letters_of(row).decode("ascii") for row in rows])
        return rows[int(np.argmax(scores))]


def _against(answer: _Answer, letters: int) -> float:
    """Bits of how much was heard, beside what should have been."""
    if answer.song.row.instrumental:
        return NO_WORDS_BITS if letters < FEW_LETTERS else MANY_WORDS_BITS if letters >= MANY_LETTERS else 0.0
    return OTHER_WORDS_BITS if letters >= MANY_LETTERS and answer.heard < FEW_BITS else 0.0


def _sung(row: Row) -> str:
    return "" if row.instrumental else clean_lyrics((row.lyrics or row.synced or "")[: 2 * INDEXED])


def _one_of_each(answers: list[_Answer]) -> list[_Answer]:
    """Answers without versions of better ones."""
    kept: list[_Answer] = []
    for answer in answers:
        same = next(
            (
                other
                for other in kept
                if answer.letters and share_in_common(answer.letters, other.letters) >= ONE_ANSWER
            ),
            None,
        )
        if same is None:
            kept.append(answer)
        else:
            same.versions += answer.versions
    return kept


def _is_song(heard: str, written: str) -> bool:
    """Whether what was heard is much of a song, or a song much of what was heard; not a line that songs share."""
    least = max(min(LETTERS_OF_SONG, MOST_OF_SHORT * len(written)), SHARE_OF_SONG * min(len(heard), len(written)))
    matched, pieces = 0, [heard]
    # A song repeats its chorus, which may be written once.
    for _ in range(STRETCHES):
        piece = max(pieces, key=len)
        pieces.remove(piece)
        stretch = align(piece, written)
        chance = np.log(max(K * len(piece) * len(written), 1.0))
        if stretch is None or LAMBDA * stretch.score - chance < STRETCH_BITS * np.log(2):
            break
        matched += len(stretch.pairs)
        if matched >= least:
            return True
        pieces += [piece[: stretch.query[0]], piece[stretch.query[1] :]]
    return False
