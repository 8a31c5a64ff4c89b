"""The demonstration: the whole way from a music folder to searches, with what happens said in plain words."""

from pathlib import Path

from alcca.app.terminal import print_heard_clip, print_hearing, print_hits
from alcca.errors import LibraryError
from alcca.experiments.methods import default_methods
from alcca.experiments.report import comparison_text, to_text
from alcca.library.library import Library

__all__ = ["run_demo"]

# With fewer songs, five test folds are too small to tell anything from chance.
FEW_SONGS = 100
FEWEST_TO_EVALUATE = 50
EPOCHS = 200
# Hearing takes about a second a song, so not all of the chorales are sung; in two folds each query searches 68 of them.
CHORALES, CHORALE_FOLDS = 136, 2
FOLDS = 5


def run_demo(into: Path, *, songs: Path | None, progress: bool) -> None:
    """Make or take a music folder, then add, train, evaluate and search; say each step.

    Parameters
    ----------
    into : path
        Working folder; what an earlier run left there is used again.
    songs : path, optional
        A person's own music folder; Bach chorales are rendered into ``into`` when not given.
    progress : bool
        Show how far each step has come.

    Raises
    ------
    LibraryError
        The folder has too few usable songs; the message says what to do.
    """
    music = songs
    if music is None:
        from alcca.datasets.chorales import make_chorales

        music = into / "chorales"
        _say(
            1,
            f"Making a music folder of Bach's chorales in {music}: scores with their words, sung to an organ. "
            "The voice is synthetic.",
        )
        made = make_chorales(music, limit=CHORALES, progress=progress)
        print(f"  {made}")
    else:
        _say(1, f"Your music folder: {music}")
    # Each music folder has a library of its own: a demonstration on two folders must not mix them.
    place = into / ("library" if songs is None else f"{songs.absolute().name}-library")
    with Library(place, progress=progress) as shelf:
        _say(2, "Adding the songs: 30 seconds of each, MFCC features, lyrics and tags; then hearing the words in them.")
        report = shelf.add(music)
        usable = shelf.status()["usable"]
        print(f"  {report.found} audio files, {usable} songs with audio and lyrics, {len(report.rejects)} rejects.")
        for file, reason in report.rejects[:5]:
            print(f"    {file}: {reason}")
        for _, note in report.notes if report.hearing is None else ():
            if "not heard" in note:
                print(f"    {note}")
        if report.hearing is not None:
            print_hearing(report.hearing)
        _check(usable, place)
        _measure(shelf, usable, CHORALE_FOLDS if songs is None else FOLDS)
        _say(4, "Training the model that searches, on all songs.")
        trained = shelf.train()
        print(f"  {trained.method} of {trained.songs} songs, {trained.components} components, {trained.seconds:.0f} s.")
        _searches(shelf)
        print(f"\nThe library stays in {place}. Search it with:")
        print(f"  alcca search --library {place} --lyrics 'some words'")
        print(f"  alcca search --library {place} --audio FILE")
        serve = "make serve" if place == Path("demo/library") else f"alcca serve --library {place}"
        print(f"or in the browser: {serve} opens it at http://127.0.0.1:8000/")


def _measure(shelf: Library, usable: int, folds: int) -> None:
    _say(3, "Measuring: train on a part of the songs and search among the rest, never seen, until each was asked for.")
    if usable < FEWEST_TO_EVALUATE:
        print(f"  Left out: {usable} songs are too few to tell a result from chance.")
        return
    methods = default_methods(shelf.dataset(), EPOCHS)
    results = shelf.evaluate(methods, folds=folds)
    print(to_text(results) if len(methods) == 1 else comparison_text(results))
    print(
        "\n  “heard” is the words alone, “alcca” the learned space alone, “fused” both. The sound of a song holds "
        "hardly a trace of its\n  words; what is sung holds them. docs/results.md has real recordings, and more."
    )


def _say(step: int, sentence: str) -> None:
    print(f"\n{step}. {sentence}", flush=True)


def _check(usable: int, place: Path) -> None:
    advice = (
        "Put the words of a song beside it as NAME.txt or NAME.lrc, or into its tags; "
        f"'alcca status --library {place}' says what each file lacks. Then run the same command again."
    )
    if usable < 10:
        raise LibraryError(f"{usable} usable songs are too few to learn anything from; a hundred is a start. {advice}")
    if usable < FEW_SONGS:
        print(f"  {usable} usable songs are few: with less than {FEW_SONGS}, expect results near chance. {advice}")


def _searches(shelf: Library) -> None:
    song = next(song for song in shelf.songs() if song.usable)
    _say(5, f"Searching by sound: which song is this recording of? It is “{song.title}”.")
    print("  The model was trained on this recording, so this shows how a search looks, not how good it is.")
    hits = shelf.search(audio=song.paths[0], k=5)
    print_heard_clip(hits)
    print_hits(hits)
    line = next(line for line in (song.lyrics or "").splitlines() if line.strip())
    _say(6, f"Searching by words: in which recording is “{line}” sung, and when?")
    print_hits(shelf.search(lyrics=line, k=5))
