"""The demonstration: every step from a music folder to searches, each with a sentence about what it does."""

from pathlib import Path

from alcca.cli.printing import print_heard_clip, print_hearing, print_hits
from alcca.errors import LibraryError
from alcca.experiments.report import comparison_text
from alcca.library.library import Library

__all__ = ["run_demo"]

# With fewer songs, five test folds are too small for results to differ from chance.
FEW_SONGS = 100
MIN_TO_EVALUATE = 50
EPOCHS = 200
# Transcription takes about a second per song, so only some of the chorales are rendered; with two folds, each query
# searches 68 of them.
CHORALES, CHORALE_FOLDS = 136, 2
FOLDS = 5


def run_demo(into: Path, *, songs: Path | None, progress: bool) -> None:
    """Take or render a music folder, then add, train, evaluate and search; announce each step.

    Parameters
    ----------
    into : path
        Working folder; results of an earlier run are reused.
    songs : path, optional
        Your own music folder. By default, Bach chorales are rendered into ``into``.
    progress : bool
        Show the progress of each step.

    Raises
    ------
    LibraryError
        If the folder has too few usable songs; the message says what to do.
    """
    music = songs
    if music is None:
        from alcca.datasets.chorales import make_chorales

        music = into / "chorales"
        _say(
            1,
            f"Making a music folder of Bach's chorales in {music}: scores with lyrics, sung to an organ by a "
            "synthetic voice.",
        )
        made = make_chorales(music, limit=CHORALES, progress=progress)
        print(f"  {made}")
    else:
        _say(1, f"Your music folder: {music}")
    # One library per music folder: demonstrations on two folders must not mix their songs.
    place = into / ("library" if songs is None else f"{songs.absolute().name}-library")
    with Library(place, progress=progress) as shelf:
        _say(2, "Adding the songs: 30 seconds of each, MFCC features, lyrics and tags; then transcribing them.")
        report = shelf.add(music)
        usable = shelf.status()["usable"]
        print(f"  {report.found} audio files, {usable} songs with audio and lyrics, {len(report.rejects)} rejects.")
        for file, reason in report.rejects[:5]:
            print(f"    {file}: {reason}")
        for _, note in report.notes if report.hearing is None else ():
            if "not transcribed" in note:
                print(f"    {note}")
        if report.hearing is not None:
            print_hearing(report.hearing)
        _check(usable, place)
        _measure(shelf, usable, CHORALE_FOLDS if songs is None else FOLDS)
        _say(4, "Training the model that searches, on all songs.")
        trained = shelf.train()
        print(f"  {trained.method} of {trained.songs} songs, {trained.components} components, {trained.seconds:.0f} s.")
        _searches(shelf)
        print(f"\nThe library is in {place}. Search it with:")
        print(f"  alcca search --library {place} --lyrics 'some words'")
        print(f"  alcca search --library {place} --audio FILE")
        serve = "make serve" if place == Path("demo/library") else f"alcca serve --library {place}"
        print(f"or in the browser: {serve} opens it at http://127.0.0.1:8000/")


def _measure(shelf: Library, usable: int, folds: int) -> None:
    _say(3, "Evaluating: train on one part of the songs and search the held-out rest, until each was the query once.")
    if usable < MIN_TO_EVALUATE:
        print(f"  Skipped: with {usable} songs, results could not be distinguished from chance.")
        return
    print(comparison_text(shelf.evaluate(folds=folds, epochs=EPOCHS)))
    print(
        "\n  “search” is what the search finds by transcripts and the learned space together; “heard” compares the "
        "transcripts alone,\n  “alcca” is the paper's learned space alone. Audio features say little about the lyrics "
        "of a song; transcripts do.\n  docs/results.md has results on real recordings."
    )


def _say(step: int, sentence: str) -> None:
    print(f"\n{step}. {sentence}", flush=True)


def _check(usable: int, place: Path) -> None:
    advice = (
        "Put the lyrics of each song beside it as NAME.txt or NAME.lrc, or into its tags; "
        f"'alcca status --library {place}' lists what each file lacks. Then run the same command again."
    )
    if usable < 10:
        raise LibraryError(f"{usable} usable songs are too few to train on; use a hundred or more. {advice}")
    if usable < FEW_SONGS:
        print(f"  {usable} usable songs are few: with fewer than {FEW_SONGS}, expect results near chance. {advice}")


def _searches(shelf: Library) -> None:
    song = next(song for song in shelf.songs() if song.usable)
    _say(5, f"Searching by audio: which song is in this recording? The answer is “{song.title}”.")
    print("  The model was trained on this recording, so this shows what a search looks like, not how good it is.")
    hits = shelf.search(audio=song.paths[0], k=5)
    print_heard_clip(hits)
    print_hits(hits)
    line = next(line for line in (song.lyrics or "").splitlines() if line.strip())
    _say(6, f"Searching by lyrics: in which recording is “{line}” sung, and when?")
    print_hits(shelf.search(lyrics=line, k=5))
