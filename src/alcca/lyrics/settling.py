"""From what was heard in a recording to a result: which lyrics are its own, with which times, and which files."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from alcca.cleaning.lyrics import clean_lines
from alcca.errors import LyricsError
from alcca.lyrics.files import (
    Outcome,
    content,
    path_of,
    replace_lyrics,
    with_headers_of,
    write_lyrics_file,
)
from alcca.lyrics.heard import Found, Heard, Times
from alcca.lyrics.memory import Memory
from alcca.lyrics.planning import Given, Plan
from alcca.lyrics.results import Result
from alcca.lyrics.wishes import Wishes
from alcca.matching.folding import fold_letters
from alcca.texts.encodings import read_lyrics_file
from alcca.texts.lines import TimedLine
from alcca.texts.origin import is_transcribed, program, transcriber
from alcca.texts.timed import parse
from alcca.texts.timed_lyrics import TimedLyrics
from alcca.timing.given_times import GivenTimes, check_times, retime
from alcca.transcripts import Transcript

__all__ = ["convert", "settle"]

# Given times are right if the words are sung within so many seconds of them, the field's limit for what people notice.
SECONDS_RIGHT = 0.3
# Fewer lines say nothing about the others.
LEAST_COMPARED = 3


def convert(plan: Plan, wishes: Wishes, memory: Memory) -> Result:
    """Write other formats of lyrics that alcca has timed before, without listening again; errors as `settle`."""
    assert plan.given is not None
    told = _Settling(plan, Heard(), wishes, None if wishes.dry_run else memory)
    return told.converted(plan.given)


def settle(plan: Plan, heard: Heard, wishes: Wishes, memory: Memory) -> Result:
    """Decide, and write the files that are wanted.

    Raises
    ------
    DiskError
        The disk is full.
    """
    return _Settling(plan, heard, wishes, None if wishes.dry_run else memory).result()


class _Settling:
    def __init__(self, plan: Plan, heard: Heard, wishes: Wishes, memory: Memory | None) -> None:
        text = plan.recording.text
        self._plan, self._heard, self._wishes, self._memory = plan, heard, wishes, memory
        self._said = Result(plan.recording.path, "nothing", text.title or None, text.artist, text.lyrics_source)

    def result(self) -> Result:
        heard = self._heard
        if heard.transcript is None or heard.reason is not None:
            return replace(self._said, status="unreadable", reason=heard.reason)
        if heard.known is not None and heard.known.fits:
            return self._given(self._plan.given, heard.known) if self._plan.given else self._known(heard.known)
        if heard.found and heard.times is not None:
            return self._found(heard.found[0], heard.times)
        if heard.known is not None:
            return self._doubtful(heard.known)
        if not heard.transcript.has_words:
            return replace(self._said, status="instrumental", reason="no words were heard in it")
        if heard.found and heard.found[0].instrumental and heard.found[0].certainty == "sure":
            best = heard.found[0]
            return self._of(best, "instrumental", f"{best.source} says that the song is an instrumental")
        if self._wishes.transcribe:
            return self._transcribed(heard.transcript)
        if not heard.found:
            return replace(self._said, reason="none of the sources has lyrics like what is sung")
        best = heard.found[0]
        if best.certainty == "likely":
            return self._of(best, "doubtful", "likely, but not sure, so not written (--all)")
        return self._of(best, "nothing", f"the nearest lyrics, {Path(best.source).name}, are no more than a guess")

    def converted(self, given: Given) -> Result:
        told = replace(self._said, status="timed", lyrics=given.lyrics, lines=len(given.lyrics.lines))
        return self._written(told, given.lyrics, keep=given.path)

    # Lyrics that were known

    def _known(self, times: Times) -> Result:
        return self._written(self._with(times, "timed"), times.lyrics)

    def _given(self, given: Given, times: Times) -> Result:
        """Times that were there already: checked, and corrected if that is wanted."""
        found = check_times(given.lyrics, times.lyrics)
        told = self._with(times, "checked", lyrics=given.lyrics)
        if found.lines_compared < LEAST_COMPARED:
            told = replace(told, reason=f"only {found.lines_compared} of its lines could be compared")
            return self._written(told, given.lyrics, keep=given.path)
        told = replace(told, offset=round(found.offset, 2), drift=round(found.drift, 5))
        if _are_right(found, self._heard.duration):
            return self._written(told, self._with_words(given.lyrics, times), keep=given.path)
        right = retime(given.lyrics, times.lyrics)
        told = replace(told, status="off", reason=found.sentence)
        if not (self._wishes.retime or (given.ours and self._wishes.again)):
            return self._written(replace(told, lyrics=right), right, keep=given.path)
        return self._written(replace(told, status="retimed", lyrics=right), right, over=given.path)

    def _with_words(self, given: TimedLyrics, times: Times) -> TimedLyrics:
        """Lyrics with right times of lines; those of words, where they are wanted and missing, as they were heard."""
        wanted = self._wishes.words or "elrc" in self._wishes.formats
        return times.lyrics if wanted and not given.words else given

    def _doubtful(self, times: Times) -> Result:
        told = self._with(times, "doubtful")
        if self._heard.transcript is not None and not self._heard.transcript.has_words:
            return replace(told, reason="no words were heard in it, so these lyrics are not its own")
        return replace(told, reason=times.reason)

    # Lyrics that were found

    def _found(self, found: Found, times: Times) -> Result:
        if not times.fits:
            return _counted(self._of(found, "doubtful", times.reason), times)
        lyrics = times.lyrics
        if found.synced is not None:
            given = parse(found.synced)
            check = check_times(given, lyrics)
            if check.lines_compared >= LEAST_COMPARED and check.is_linear:
                # Times that people set, moved to this recording.
                lyrics = self._with_words(_sung(retime(given, lyrics)), times)
        told = replace(_counted(self._of(found, "found", None), times), lyrics=lyrics)
        if found.songs:
            told = replace(told, songs=found.songs, reason=f"holds {len(found.songs)} songs")
        elif self._heard.known is not None:
            told = replace(told, reason=f"those of {self._said.source} are of another song")
        if found.songs and self._said.title:
            # A concert has a title of its own.
            return self._written(told, lyrics, artist=found.artist)
        return self._written(told, lyrics, title=found.title, artist=found.artist, album=found.album)

    def _transcribed(self, transcript: Transcript) -> Result:
        if self._plan.over is not None:
            return replace(self._said, status="done", kept=(str(self._plan.over),))
        lines = tuple(
            TimedLine(one.text.strip(), one.start, one.end) for one in transcript.segments if one.text.strip()
        )
        lyrics = TimedLyrics("aligned", lines, None, transcript.language)
        told = replace(
            self._said, status="transcribed", source=f"Whisper {transcript.model}", lines=len(lines), lyrics=lyrics
        )
        return self._written(told, lyrics, by=transcriber(transcript.model))

    # Results

    def _with(self, times: Times, status: str, *, lyrics: TimedLyrics | None = None) -> Result:
        return replace(_counted(self._said, times), status=status, lyrics=lyrics or times.lyrics)

    def _of(self, found: Found, status: str, reason: str | None) -> Result:
        title, artist = found.title or self._said.title, found.artist or self._said.artist
        return replace(
            self._said,
            status=status,
            reason=reason,
            title=title,
            artist=artist,
            source=found.source,
            certainty=found.certainty,
            probability=round(found.probability, 4),
        )

    def _written(
        self,
        told: Result,
        lyrics: TimedLyrics,
        *,
        keep: Path | None = None,
        over: Path | None = None,
        title: str = "",
        artist: str = "",
        album: str = "",
        by: str | None = None,
    ) -> Result:
        """The result with the files that were written, or why they were not."""
        text, heard, path = self._plan.recording.text, self._heard, self._plan.recording.path
        model = heard.transcript.model if heard.transcript else None
        headers = {
            # Of a source that was sure: without tags, the title is the file's name, and tags may be another song's.
            "title": title or text.title,
            "artist": artist or text.artist,
            "album": text.album or album,
            "length": heard.duration,
            "by": by,
            "program": program(model),
        }
        over = over or self._plan.over
        was_transcribed = over is not None and is_transcribed(self._before(over))
        outcomes: list[Outcome] = []
        for name in self._wishes.formats:
            target = path_of(path, name)
            # A file with words stays one.
            had_words = target == over and self._plan.given is not None and bool(self._plan.given.lyrics.words)
            words = self._wishes.words or had_words
            data = content(lyrics, name, words=words, **headers)
            if over is not None and target == over:
                if target.suffix in (".lrc", ".elrc"):
                    data = with_headers_of(self._before(target), data)
                outcomes.append(replace_lyrics(target, data, self._memory))
            elif was_transcribed and self._is_untouched(target):
                outcomes.append(replace_lyrics(target, data, self._memory))
            else:
                outcomes.append(write_lyrics_file(target, data, self._memory))
        return _with_outcomes(told, outcomes, keep)

    def _is_untouched(self, path: Path) -> bool:
        try:
            return self._memory is not None and self._memory.has_written(path, path.read_bytes())
        except OSError:
            return False

    def _before(self, path: Path) -> str:
        try:
            return read_lyrics_file(path, encoding=self._wishes.encoding)
        except LyricsError:
            # Why it cannot be read is told when it is replaced.
            return ""


def _with_outcomes(told: Result, outcomes: Sequence[Outcome], keep: Path | None) -> Result:
    written = tuple(one.written for one in outcomes if one.written)
    kept = tuple(one.kept for one in outcomes if one.kept)
    failed = tuple(one.failed for one in outcomes if one.failed)
    others = [Path(path).name for path in kept if keep is None or path != str(keep)]
    reason = told.reason
    if others and not written and not failed:
        stays = f"{' and '.join(others)} {'are' if len(others) > 1 else 'is'} there already and was not replaced"
        reason = f"{reason}; {stays}" if reason else stays
    status = told.status
    if written and status in ("checked", "off"):
        status = "timed"
    elif not written and status not in ("checked", "off"):
        status = "unwritten"
    return replace(told, status=status, written=written, kept=kept, failed=failed, reason=reason)


def _are_right(found: GivenTimes, duration: float | None) -> bool:
    at_end = found.offset + found.drift * (duration or 0.0)
    return found.is_linear and abs(found.offset) <= SECONDS_RIGHT and abs(at_end) <= SECONDS_RIGHT


def _counted(told: Result, times: Times) -> Result:
    lines = times.lyrics.lines
    unsung = tuple(line.text for line in lines if line.start is None and fold_letters(line.text))
    return replace(told, share=round(times.share, 3), lines=len(lines), unsung=unsung)


def _sung(lyrics: TimedLyrics) -> TimedLyrics:
    """Lyrics without what is not sung, such as credits that a database has with times."""
    cleaned = clean_lines([line.text for line in lyrics.lines])
    lines = tuple(line for line, rows in zip(lyrics.lines, cleaned, strict=True) if any(rows))
    return replace(lyrics, lines=lines)
