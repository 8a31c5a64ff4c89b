"""How long a server of 10,000 songs takes for a query, beside the work that no server can avoid.

    python benchmarks/serving.py [--songs 10000] [--queries 200]

A library of made-up songs with 80 components and lyrics of about two hundred words each is served by ``alcca serve`` in
a process of its own; one client asks one query after the other, each another one, over HTTP: a three-minute mp3
(stereo, 192 kbit/s), and four lines of lyrics. The floor is the same work in one process that is already warm: for
audio, decoding 30 s and MFCC; for lyrics, Doc2Vec's inference.
"""

import argparse
import http.client
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np

from alcca.datasets.synthetic import make_songs
from alcca.features.doc2vec import Doc2VecFeatures
from alcca.features.mfcc import mfcc
from alcca.library.embedder import Embedder
from alcca.library.parts.embeddings import Embeddings
from alcca.library.records import FileStamp, Song, SongAudio
from alcca.library.store import Store
from alcca.models.alcca import ALCCA
from alcca.songs.audio import read_slice

COMPONENTS = 80
WORDS_A_SONG = 200
VOCABULARY = 8_000
RATE, SECONDS = 44_100, 180
CLIPS = 8


def make_lyrics(rng: np.random.Generator, words: int) -> str:
    """Words as frequent as in a language, eight a line."""
    drawn = np.minimum(rng.zipf(1.3, words), VOCABULARY)
    named = ["".join(chr(97 + int(digit)) for digit in f"{number:05d}") for number in drawn]
    return "\n".join(" ".join(named[start : start + 8]) for start in range(0, words, 8))


def make_library(folder: Path, songs: int) -> None:
    """A trained library without audio files: what a search needs, and nothing else."""
    rng = np.random.default_rng(0)
    views = make_songs(songs, random_state=0)
    texts = [make_lyrics(rng, WORDS_A_SONG) for _ in range(songs)]
    doc2vec = Doc2VecFeatures(epochs=20).fit(texts[:2_000])
    model = ALCCA(n_components=COMPONENTS, epochs=1).fit((views.audio, views.lyrics), views.label)
    audio, lyrics = model.transform((views.audio, views.lyrics))
    Embedder(doc2vec, model).save(folder / "models" / "made")
    store = Store(folder)
    with store.transaction():
        for number in range(songs):
            heard = SongAudio(None, 75.0, 30.0, 0.0, 180.0, "soundfile")
            song = Song(
                hash=str(number), title=f"Song {number}", artist=f"Artist {number % 300}",
                label=str(views.label[number]), lyrics=texts[number], audio=heard,
            )  # fmt: skip
            store.put_file(FileStamp(f"/nowhere/{number}.mp3", 0, 0, "", store.put_song(song)))
        store.kept(Embeddings).put("made", range(1, songs + 1), audio, lyrics)
        about = {"name": "made", "method": "ALCCA", "songs": songs, "components": COMPONENTS, "epochs": 1}
        unknown = {"held_out_mrr1": None, "held_out_chance": None, "trained": "2026-01-01T00:00:00Z"}
        store.set_setting("model", {**about, **unknown})
    store.close()


def make_mp3(path: Path, seed: int) -> None:
    """Three minutes of stereo at 192 kbit/s."""
    rng = np.random.default_rng(seed)
    now = np.arange(RATE * SECONDS) / RATE
    left = 0.3 * np.sin(2 * np.pi * (200 + 20 * seed + 5 * now) * now) + 0.05 * rng.standard_normal(now.size)
    frame = av.AudioFrame.from_ndarray(np.stack([left, np.roll(left, 99)]).astype(np.float32), "fltp", "stereo")
    frame.sample_rate, frame.pts = RATE, 0
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libmp3lame", rate=RATE, layout="stereo", options={"b": "192k"})
        context = stream.codec_context
        resampler = av.AudioResampler(context.format, "stereo", RATE, frame_size=context.frame_size or 1152)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))


def form(path: Path) -> tuple[bytes, dict[str, str]]:
    """A multipart form with one file, and its headers."""
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n\r\n'.encode()
    return head + path.read_bytes() + b"\r\n--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}


def timed(work: Callable[[int], object], queries: int) -> list[float]:
    """Milliseconds of each call, after some to get warm."""
    took = []
    for number in range(-10, queries):
        started = time.perf_counter()
        work(number)
        took.append(1000 * (time.perf_counter() - started))
    return took[10:]


def main() -> None:
    """Make a library, serve it, ask it, print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=10_000)
    parser.add_argument("--queries", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "library"
        make_library(folder, options.songs)
        clips = [Path(place) / f"clip {number}.mp3" for number in range(CLIPS)]
        for number, clip in enumerate(clips):
            make_mp3(clip, number)
        forms = [form(clip) for clip in clips]
        rng = np.random.default_rng(1)
        texts = [make_lyrics(rng, 32) for _ in range(options.queries + 10)]
        doc2vec = Embedder.load(folder / "models" / "made").doc2vec
        serve = "from alcca.cli import main; main()"
        command = [sys.executable, "-c", serve, "serve", "--library", str(folder), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                port = int(re.search(r":(\d+)/", server.stdout.readline())[1])  # type: ignore[union-attr,index]
                client = http.client.HTTPConnection("127.0.0.1", port)

                def ask(path: str, body: bytes, headers: dict[str, str]) -> None:
                    client.request("POST", f"/api/v1/search/{path}", body, headers)
                    answer = client.getresponse()
                    assert len(json.loads(answer.read())["hits"]) == 10, answer.status

                def ask_lyrics(number: int) -> None:
                    body = json.dumps({"lyrics": texts[number]}).encode()
                    ask("lyrics", body, {"Content-Type": "application/json"})

                audio = timed(lambda number: ask("audio", *forms[number % CLIPS]), options.queries)
                lyrics = timed(ask_lyrics, options.queries)
                heard = timed(lambda number: mfcc(read_slice(clips[number % CLIPS]).samples), options.queries)
                inferred = timed(lambda number: doc2vec.transform([texts[number]]), options.queries)
            finally:
                server.terminate()
    print(f"{options.songs} songs, {len(forms[0][0]) / 1e6:.1f} MB a clip")
    for name, took, floor in (("audio", audio, heard), ("lyrics", lyrics, inferred)):
        p50, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
        print(f"{name:7s} p50 {p50:6.1f} ms, p95 {p95:6.1f} ms; floor {statistics.median(floor):6.1f} ms", end="; ")
        print(f"ratio {p50 / statistics.median(floor):.2f}")


if __name__ == "__main__":
    main()
