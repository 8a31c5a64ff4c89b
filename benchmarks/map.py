"""How fluid the map is while it is dragged and zoomed, in a browser without a graphics card.

    python -m benchmarks map [--songs 10000 100000]

Headless Chromium drags and zooms the map of ``alcca serve``; the page's own clock tells when each frame came, and how
long the page's own work for it took. The floor is the same mouse over the same page with no song drawn: the frames that
this machine can show at all. Where the songs stand is made up, in crowds with names; what that takes is told by
``benchmarks/layout.py``.
"""

import argparse
import itertools
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from alcca.datasets.synthetic import make_songs
from alcca.encoders.doc2vec import Doc2VecEncoder
from alcca.encoders.mfcc import MfccEncoder
from alcca.models.alcca import ALCCA
from alcca.space.embedder import Embedder
from alcca.space.map_labels import LEVELS, STEP, WIDEST, Neighbourhood
from alcca.space.map_layout import Layout
from alcca.store.embeddings import Embeddings
from alcca.store.records import FileStamp, Song, SongAudio
from alcca.store.songs import Store

SECONDS = 5
DIMENSIONS = 10
LABELS = 14
# Starts to note when frames came, and how long the page was at work for each.
FRAMES = """(seconds) => {
  const times = [];
  const end = performance.now() + 1000 * seconds;
  window.noted = new Promise((told) => {
    const note = (now) => { times.push(now); now < end ? requestAnimationFrame(note) : told([times, window.worked]); };
    requestAnimationFrame(note);
  });
}"""
# The map asks for a frame before it is drawn; what it does then is timed.
WORK = """() => {
  window.worked = [];
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (work) => ask((now) => {
    const begun = performance.now();
    work(now);
    if (work.name !== "note") window.worked.push(performance.now() - begun);
  });
}"""
WITHOUT_MARKS = """() => {
  CanvasRenderingContext2D.prototype.drawImage = () => {};
  CanvasRenderingContext2D.prototype.putImageData = () => {};
}"""


def make_library(folder: Path, songs: int) -> None:
    """A library with a map and no audio files: what the page needs, and nothing else."""
    rng = np.random.default_rng(0)
    texts = [f"song {number} of the {['river', 'sea', 'hill', 'lamb', 'rose'][number % 5]}" for number in range(songs)]
    views = make_songs(200, random_state=0)
    model = ALCCA(n_components=DIMENSIONS, epochs=1).fit((views.audio, views.lyrics), views.label)
    Embedder(MfccEncoder(), Doc2VecEncoder(epochs=1).fit(texts[:200]), model).save(folder / "models" / "made")
    vectors = rng.standard_normal((songs, DIMENSIONS)).astype(np.float32)
    store = Store(folder)
    with store.transaction():
        for number, text in enumerate(texts):
            about = SongAudio(None, 75.0, 30.0, 0.0, 180.0, "soundfile")
            song = Song(
                hash=str(number), title=f"Song {number}", artist=f"Artist {number % 300}",
                label=f"Label {number % LABELS}", lyrics=text, audio=about,
            )  # fmt: skip
            store.put_file(FileStamp(f"/nowhere/{number}.mp3", 0, 0, "", store.put_song(song)))
        store.tables(Embeddings).put("made", range(1, songs + 1), vectors, vectors)
        about_model = {"name": "made", "method": "ALCCA", "songs": songs, "components": DIMENSIONS, "epochs": 1}
        unknown = {"held_out_mrr1": None, "held_out_chance": None, "trained": "2026-01-01T00:00:00Z"}
        store.set_setting("model", {**about_model, **unknown})
    checks = store.tables(Embeddings).checksums("made")
    middles = rng.uniform(-0.9, 0.9, (WIDEST * STEP ** (LEVELS - 1), 2))
    places = middles[rng.integers(len(middles), size=songs)] + rng.normal(0, 0.02, (songs, 2))
    named = [
        Neighbourhood(level, *middles[row].tolist(), songs // (row + 2), (f"word {row}", "of many", f"on {level}"))
        for level in range(LEVELS)
        for row in range(WIDEST * STEP**level)
    ]
    ids = np.arange(1, songs + 1)
    Layout(ids, np.array([checks[i] for i in ids.tolist()]), places.clip(-1, 1).astype(np.float32), tuple(named)).save(
        folder / "models" / "made"
    )
    store.close()


def frame_times(page: Page) -> tuple[list[float], list[float]]:
    """Milliseconds between frames, and of work for each that was drawn, while somebody drags and zooms the map."""
    box = page.locator("#map-canvas").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.evaluate(FRAMES, SECONDS)
    end, turn = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        turn += 1
        page.mouse.down()
        for step in range(25):
            page.mouse.move(middle[0] + 6 * step, middle[1] + (3 if turn % 2 else -3) * step)
        page.mouse.move(*middle)
        page.mouse.up()
        for _ in range(10):
            page.mouse.wheel(0, 60 if turn % 2 else -60)
    times, worked = page.evaluate("() => window.noted")
    return [later - earlier for earlier, later in itertools.pairwise(times)], worked


def said(took: list[float]) -> str:
    """Median, 95th percentile and maximum."""
    p50, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, longest {max(took):.1f} ms"


def measure(songs: int) -> None:
    """Make a library, serve it, move its map, print the times between frames."""
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place) / "library"
        make_library(folder, songs)
        command = [sys.executable, "-m", "alcca", "serve", "--library", str(folder), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                address = re.search(r"http://\S+/", server.stdout.readline())[0]  # type: ignore[union-attr,index]  # it prints it
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
                )
                for name in ("floor", "map"):
                    page = browser.new_page(viewport={"width": 1200, "height": 900})
                    page.add_init_script(f"({WORK})()")
                    if name == "floor":
                        page.add_init_script(f"({WITHOUT_MARKS})()")
                    begun = time.monotonic()
                    page.goto(f"{address}#/map")
                    page.get_by_text("songs; laid out").wait_for()
                    shown = time.monotonic() - begun
                    page.wait_for_timeout(1000)
                    took, worked = frame_times(page)
                    print(f"{songs} songs, {name}: there after {shown:.1f} s; {len(took)} frames, {said(took)}")
                    print(f"    work for {len(worked)} drawn frames: {said(worked)}", flush=True)
                    page.close()
                browser.close()
            finally:
                server.terminate()


def main() -> None:
    """Measure maps of several sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, nargs="+", default=[10_000, 100_000])
    for songs in parser.parse_args().songs:
        measure(songs)


if __name__ == "__main__":
    main()
