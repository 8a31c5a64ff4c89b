"""How long a server of 10,000 songs takes for a query, beside the work that no server can avoid.

    python -m benchmarks serving --lyrics LYRICS [--songs 10000] [--queries 200]

LYRICS is a folder of lyrics as .txt files. Songs are made by recombining their lines, about two hundred words each; in
each somebody has heard half a minute, three letters of ten wrong. The library has a model with 80 components and is
served by ``alcca serve`` in a process of its own; one client asks one query after the other, each another one, over
HTTP: a three-minute mp3 (stereo, 192 kbit/s), and a line of which a word was forgotten, or four lines.

Whisper's own time is left out: what the process that hears would answer is prepared, a passage of a song misheard like
the transcripts, so all else is there, the samples' way to it included. The floor is the same work in one process that
is already warm: for audio, decoding 30 s and MFCC; for lyrics, Doc2Vec's inference.
"""

import argparse
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np

from alcca.datasets.synthetic import make_songs
from alcca.encoders.doc2vec import Doc2VecEncoder
from alcca.encoders.mfcc import MfccEncoder
from alcca.features.mfcc import mfcc
from alcca.models.alcca import ALCCA
from alcca.songs.audio import read_slice
from alcca.space.embedder import Embedder
from alcca.store.embeddings import Embeddings
from alcca.store.records import FileStamp, Song, SongAudio
from alcca.store.songs import Store
from alcca.store.transcripts import Transcripts
from alcca.transcripts import Segment, Transcript
from benchmarks.candidates import mishear

COMPONENTS = 80
LINES_A_SONG = 32
HEARD_LINES = 8
MISHEARD = 0.3
RATE, SECONDS = 44_100, 180
CLIPS = 8


# --- songs and what is heard in them ----------------------------------------------------------------------------------


def lines_of(folder: Path) -> list[str]:
    """The different lines of all lyrics, of ordinary length."""
    lines = {line.strip() for path in folder.glob("*.txt") for line in path.read_text(encoding="utf-8").splitlines()}
    return sorted(line for line in lines if 15 <= len(line) <= 60)


def misheard(lines: list[str], rng: np.random.Generator) -> Transcript:
    """What is heard of lines that are sung one after the other in half a minute."""
    each = 30.0 / len(lines)
    segments = [
        Segment(each * i, each * (i + 1), " ".join(mishear([word.lower()], MISHEARD, rng) for word in line.split()))
        for i, line in enumerate(lines)
    ]
    return Transcript(tuple(segments), "en", 0.9, "base", 0.0, 30.0)


def make_library(folder: Path, lines: list[str], songs: int) -> list[list[str]]:
    """A trained library without audio files: what a search needs, and nothing else. The lines of each song."""
    rng = np.random.default_rng(0)
    views = make_songs(songs, random_state=0)
    made = [[lines[row] for row in rng.integers(len(lines), size=LINES_A_SONG)] for _ in range(songs)]
    texts = ["\n".join(song) for song in made]
    doc2vec = Doc2VecEncoder(epochs=20).fit(texts[:2_000])
    model = ALCCA(n_components=COMPONENTS, epochs=1).fit((views.audio, views.lyrics), views.label)
    audio, lyrics = model.transform((views.audio, views.lyrics))
    Embedder(MfccEncoder(), doc2vec, model).save(folder / "models" / "made")
    store = Store(folder)
    with store.transaction():
        for number, text in enumerate(texts):
            heard = SongAudio(None, 75.0, 30.0, 0.0, 180.0, "soundfile")
            song = Song(
                hash=str(number), title=f"Song {number}", artist=f"Artist {number % 300}",
                label=str(views.label[number]), lyrics=text, audio=heard,
            )  # fmt: skip
            stored = store.put_song(song)
            store.put_file(FileStamp(f"/nowhere/{number}.mp3", 0, 0, "", stored))
            begin = rng.integers(LINES_A_SONG - HEARD_LINES)
            sung = made[number][begin : begin + HEARD_LINES]
            store.tables(Transcripts).put(stored, misheard(sung, rng), "slice")
        store.tables(Embeddings).put("made", range(1, songs + 1), audio, lyrics)
        about = {"name": "made", "method": "ALCCA", "songs": songs, "components": COMPONENTS, "epochs": 1}
        unknown = {"held_out_mrr1": None, "held_out_chance": None, "trained": "2026-01-01T00:00:00Z"}
        # What a real training measures; the size of the figures is that of the songbook's.
        store.set_setting("model", {**about, **unknown, "evidence": [2.0, -0.1]})
    store.close()
    return made


class Prepared:
    """Stands in for a recogniser that takes no time: hears one prepared transcript after the other."""

    name = "prepared"

    def __init__(self, path: str) -> None:
        self._told = [Transcript.from_dict(told) for told in json.loads(Path(path).read_text())]
        self._next = 0

    def hear(self, samples: object, **_: object) -> Transcript:
        """The next transcript."""
        self._next += 1
        return self._told[self._next % len(self._told)]


# A server whose hearing process is prepared; it imports this file by its name.
SERVE = """
from benchmarks import serving
from alcca.sandbox import transcriber
transcriber.open_recogniser = serving.Prepared
from alcca.cli.main import main
main()
"""


# --- queries ----------------------------------------------------------------------------------------------------------


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


def remembered(line: str, rng: np.random.Generator) -> str:
    """A line with one of its words forgotten."""
    words = line.split()
    words.pop(int(rng.integers(len(words))))
    return " ".join(words)


class Client:
    """One client, and how long it has waited."""

    def __init__(self, port: int, made: list[list[str]]) -> None:
        self._made = made
        self._client = http.client.HTTPConnection("127.0.0.1", port)
        self.found: list[bool] = []

    def ask(self, path: str, body: bytes, headers: dict[str, str]) -> Any:
        """The answer to a search."""
        self._client.request("POST", f"/api/v1/search/{path}", body, headers)
        answer = self._client.getresponse()
        told = json.loads(answer.read())
        assert len(told["hits"]) == 10, told
        return told

    def ask_lyrics(self, text: str, by: str, right: str) -> None:
        """Search by words; notes whether the first song holds the right line."""
        body = json.dumps({"lyrics": text, "by": by, "explain": True}).encode()
        first = self.ask("lyrics", body, {"Content-Type": "application/json"})["hits"][0]
        self.found.append(right in self._made[first["song"]["id"] - 1])

    def stream(self, body: bytes, headers: dict[str, str]) -> dict[str, float]:
        """Milliseconds from the request to each event of a streamed search."""
        started, at = time.perf_counter(), {}
        self._client.request("POST", "/api/v1/search/audio/stream?explain=true", body, headers)
        answer = self._client.getresponse()
        while line := answer.readline():
            if line.startswith(b"event: "):
                answer.readline()
                at[line[7:-1].decode()] = 1000 * (time.perf_counter() - started)
        return at


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
    parser.add_argument("--lyrics", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--songs", type=int, default=10_000)
    parser.add_argument("--queries", type=int, default=200)
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "library"
        made = make_library(folder, lines_of(options.lyrics), options.songs)
        songs = rng.integers(len(made), size=options.queries + 10)
        heard = [misheard(made[song][4 : 4 + HEARD_LINES], rng).to_dict() for song in songs]
        (Path(place) / "heard.json").write_text(json.dumps(heard))
        ones = [made[song][10] for song in songs]
        fours = ["\n".join(made[song][10:14]) for song in songs]
        lines = [remembered(line, rng) for line in ones]
        clips = [Path(place) / f"clip {number}.mp3" for number in range(CLIPS)]
        for number, clip in enumerate(clips):
            make_mp3(clip, number)
        forms = [form(clip) for clip in clips]
        doc2vec = Embedder.load(folder / "models" / "made").lyrics
        command = [sys.executable, "-c", SERVE, "serve", "--library", str(folder), "--port", "0"]
        environment = {
            **os.environ, "ALCCA_SPEECH_MODEL": str(Path(place) / "heard.json"), "ALCCA_HEAR": "slice",
            "PYTHONPATH": str(Path(__file__).parents[1]),
        }  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
            try:
                port = int(re.search(r":(\d+)/", server.stdout.readline())[1])  # type: ignore[union-attr,index]  # it prints it
                client = Client(port, made)
                count = options.queries
                took = {
                    "audio, space": timed(lambda i: client.ask("audio?by=space", *forms[i % CLIPS]), count),
                    "audio, all": timed(lambda i: client.ask("audio?explain=true", *forms[i % CLIPS]), count),
                    "lyrics, space": timed(lambda i: client.ask_lyrics(fours[i], "space", ""), count),
                }
                client.found.clear()
                took |= {
                    "line, all": timed(lambda i: client.ask_lyrics(lines[i], "both", ones[i]), count),
                    "4 lines, all": timed(lambda i: client.ask_lyrics(fours[i], "both", ones[i]), count),
                }
                events = [client.stream(*forms[i % CLIPS]) for i in range(count)]
                took["first event"] = [one["space"] for one in events]
                took["words → hits"] = [one["result"] - one["words"] for one in events]
                read = timed(lambda i: mfcc(read_slice(clips[i % CLIPS]).samples), count)
                inferred = timed(lambda i: doc2vec.encode([fours[i]]), count)
            finally:
                server.terminate()
    print(f"{options.songs} songs, {len(forms[0][0]) / 1e6:.1f} MB a clip; ", end="")
    print(f"{np.mean(client.found):.1%} of the queries by a line or four find a song that holds it first")
    print(f"floor: audio {statistics.median(read):.1f} ms, lyrics {statistics.median(inferred):.1f} ms")
    for name, times in took.items():
        print(f"{name:14s} p50 {statistics.median(times):6.1f} ms, p95 {statistics.quantiles(times, n=20)[-1]:6.1f} ms")


if __name__ == "__main__":
    main()
