"""How fluid the map of 10,000 songs is while it is dragged and zoomed, in a browser without a graphics card.

    python benchmarks/map.py [--songs 10000]

Headless Chromium drags and zooms the map of ``alcca serve``; the page's own clock tells when each frame came. The
floor is the same mouse over the same page with no song drawn: the frames that this machine can show at all.
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

from playwright.sync_api import Page, sync_playwright

from serving import make_library

SECONDS = 5
# Starts to note the times of frames.
FRAMES = """(seconds) => {
  const times = [];
  const end = performance.now() + 1000 * seconds;
  window.noted = new Promise((told) => {
    const note = (now) => { times.push(now); now < end ? requestAnimationFrame(note) : told(times); };
    requestAnimationFrame(note);
  });
}"""
WITHOUT_MARKS = """() => {
  CanvasRenderingContext2D.prototype.drawImage = () => {};
  CanvasRenderingContext2D.prototype.fillRect = () => {};
}"""


def frame_times(page: Page) -> list[float]:
    """Milliseconds between frames while somebody drags the map about and zooms in and out."""
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
    told: list[float] = page.evaluate("() => window.noted")
    return [later - earlier for earlier, later in itertools.pairwise(told)]


def main() -> None:
    """Make a library, serve it, move its map, print the times between frames."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place) / "library"
        make_library(folder, options.songs)
        command = [sys.executable, "-m", "alcca", "serve", "--library", str(folder), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                address = re.search(r"http://\S+/", server.stdout.readline())[0]  # type: ignore[union-attr,index]
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
                )
                for name in ("floor", "map"):
                    page = browser.new_page(viewport={"width": 1200, "height": 900})
                    if name == "floor":
                        page.add_init_script(f"({WITHOUT_MARKS})()")
                    page.goto(f"{address}#/map")
                    page.get_by_text("songs; the two dimensions").wait_for()
                    page.wait_for_timeout(1000)
                    took = frame_times(page)
                    p50, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
                    print(f"{name:6s} {len(took)} frames", end=": ")
                    print(f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, longest {max(took):.1f} ms")
                    page.close()
                browser.close()
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
