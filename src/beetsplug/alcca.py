"""A plugin for beets: lyrics with times for the songs of its library, by what is sung in them.

``beet alcca [QUERY]`` writes ``NAME.lrc`` beside songs whose lyrics are known, and looks for those of others in the
sources of the configuration; on import it does so for each album and song (``auto: yes``). It sets the fields
``lyrics``, where a song has none, and ``alcca_certainty``: "sure" or "likely" for lyrics that are the song's, "heard"
for what was transcribed, "doubtful" for lyrics that do not fit, "instrumental", or "none". See
docs/lyrics-for-a-collection.md.
"""

import contextlib
import optparse
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from beets import ui
from beets.dbcore import types
from beets.plugins import BeetsPlugin

if TYPE_CHECKING:
    from alcca.lyrics.recordings import Recording
    from alcca.lyrics.results import Result
    from alcca.lyrics.run import Run

__all__ = ["AlccaPlugin"]

CERTAINTY = "alcca_certainty"
# Of lyrics that were known and fit, found ones have their own.
CERTAINTIES = {
    "timed": "sure",
    "checked": "sure",
    "off": "sure",
    "retimed": "sure",
    "unwritten": "sure",
    "done": "sure",
    "transcribed": "heard",
    "doubtful": "doubtful",
    "instrumental": "instrumental",
    "nothing": "none",
}


class AlccaPlugin(BeetsPlugin):
    """Write lyrics with times beside the songs of a beets library."""

    item_types: ClassVar[dict[str, types.Type]] = {CERTAINTY: types.STRING}

    def __init__(self) -> None:
        super().__init__()
        self.config.add(
            {
                "auto": True,
                "write": "lrc",
                "words": False,
                "from": [],
                "model": "",
                "language": "",
                "all": False,
                "transcribe": False,
                "retime": False,
                "force": False,
                "offline": False,
                "jobs": 0,
            }
        )
        self._run: Run | None = None
        # Both are sent when files are at their place.
        self.register_listener("album_imported", self._album_imported)
        self.register_listener("item_imported", self._item_imported)

    def commands(self) -> list[ui.Subcommand]:
        """The command ``beet alcca``."""
        command = ui.Subcommand("alcca", help="write lyrics with times, by what is sung")
        command.parser.add_option(
            "-f", "--force", action="store_true", default=False, help="also songs that have been gone over before"
        )
        command.parser.add_option(
            "-p", "--pretend", action="store_true", default=False, help="show what would be written, and write nothing"
        )

        def do(lib: Any, options: optparse.Values, query: list[str]) -> None:
            from alcca.errors import AlccaError

            try:
                self._go_over(lib.items(query), force=options.force, pretend=options.pretend)
            except AlccaError as error:
                raise ui.UserError(f"alcca: {error}") from error  # type: ignore[attr-defined]  # of all versions

        command.func = do
        return [command]

    def _album_imported(self, lib: Any, album: Any) -> None:
        self._imported(album.items())

    def _item_imported(self, lib: Any, item: Any) -> None:
        self._imported([item])

    def _imported(self, items: Iterable[Any]) -> None:
        from alcca.errors import AlccaError

        if not self.config["auto"].get(bool):
            return
        try:
            self._go_over(items, force=False, pretend=False)
        except AlccaError as error:
            # Without a speech model, music is imported all the same.
            self._log.error("{}", error)

    def _go_over(self, items: Iterable[Any], *, force: bool, pretend: bool) -> None:
        again = force or self.config["force"].get(bool)
        wanted = {os.fsdecode(item.path): item for item in items if again or not item.get(CERTAINTY)}
        if not wanted:
            return
        for result in self._results(list(wanted.values()), again=again, pretend=pretend):
            item = wanted.get(result.recording)
            self._tell(result)
            if item is not None and not pretend:
                self._keep(item, result)

    def _results(self, items: Sequence[Any], *, again: bool, pretend: bool) -> Iterable["Result"]:
        from alcca.lyrics.recordings import find_music, read_recordings

        run = self._opened(again=again, pretend=pretend)
        recordings: list[Recording] = []
        for item in items:
            # One after the other: a file that is gone is one song.
            path = Path(os.fsdecode(item.path))
            if not path.is_file():
                self._log.warning("{}: no such file", path)
                continue
            music = find_music([path])
            for those in read_recordings(music.tasks, run.workers):
                recordings += [_known(one, item) for one in those]
        yield from run.over(recordings)
        for note in run.notes:
            self._log.info("{}", note)
        run.notes.clear()

    def _opened(self, *, again: bool, pretend: bool) -> "Run":
        from alcca.lyrics.memory import Memory
        from alcca.lyrics.run import Run
        from alcca.lyrics.wishes import Wishes, formats_named
        from alcca.speech.weights import model_that_is_meant
        from alcca.workers.local import LocalWorkers

        config = self.config
        wishes = Wishes(
            formats=formats_named(",".join(config["write"].as_str_seq())),
            words=config["words"].get(bool),
            sources=tuple(Path(source) for source in config["from"].as_str_seq()),
            likely=config["all"].get(bool),
            transcribe=config["transcribe"].get(bool),
            retime=config["retime"].get(bool),
            again=again,
            dry_run=pretend,
            language=config["language"].get(str) or None,
            model=model_that_is_meant(config["model"].get(str) or None),
            offline=config["offline"].get(bool),
        )
        if self._run is None:
            self._run = Run(wishes, LocalWorkers(config["jobs"].get(int) or None), Memory())
        # The next album needs the same model.
        self._run.wishes = wishes
        return self._run

    def _tell(self, result: "Result") -> None:
        name = result.recording
        if result.written:
            self._log.info("{}: {}: {}", result.status, name, ", ".join(Path(path).name for path in result.written))
        elif result.failed or result.status == "unreadable":
            self._log.warning("{}: {}", name, "; ".join((*result.failed, *filter(None, [result.reason]))))
        else:
            self._log.info("{}: {}{}", result.status, name, f": {result.reason}" if result.reason else "")

    def _keep(self, item: Any, result: "Result") -> None:
        certainty = result.certainty if result.status == "found" else CERTAINTIES.get(result.status)
        if result.status == "done" and (item.get(CERTAINTY) or _is_heard(result)):
            certainty = item.get(CERTAINTY) or "heard"
        if certainty is None:
            return
        item[CERTAINTY] = certainty
        # A tag cannot say that its words are what was heard.
        if result.lyrics is not None and not item.lyrics and result.status not in ("doubtful", "transcribed"):
            item.lyrics = result.lyrics.to_text().rstrip()
            if ui.should_write():
                item.try_write()
        item.store()


def _is_heard(result: "Result") -> bool:
    """Whether the files that are there say that their words are what was heard."""
    from alcca.errors import LyricsError
    from alcca.texts.encodings import read_lyrics_file
    from alcca.texts.origin import is_transcribed

    for path in result.kept:
        with contextlib.suppress(LyricsError):
            if is_transcribed(read_lyrics_file(Path(path))):
                return True
    return False


def _known(recording: "Recording", item: Any) -> "Recording":
    """A recording with what beets knows of it, which is what its owner has confirmed."""
    from alcca.cleaning.lyrics import clean_lyrics

    text = recording.text
    about = {name: item.get(name) or getattr(text, name) for name in ("title", "artist", "album")}
    text = replace(text, **about)
    words = clean_lyrics(item.lyrics or "")
    if text.lyrics is None and words:
        text = replace(text, lyrics=words, lyrics_text=item.lyrics, lyrics_source="beets")
    return replace(recording, text=text)
