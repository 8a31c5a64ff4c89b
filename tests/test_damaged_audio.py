"""Damaged files of every format: each gives features or a reason, none a crash or a hang."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.songs.encoding import FORMATS, encode, tune

# In a process of its own: a decoder that crashes takes its process along, one that hangs never comes back.
READER = """
import json, sys
import numpy as np
from pathlib import Path
from alcca.errors import AlccaError
from alcca.features.mfcc import mfcc
from alcca.songs.audio import read_slice
from alcca.metadata.sidecars import SongTables
from alcca.metadata.song_text import read_song_text

folder = Path(sys.argv[1])
tables = SongTables(folder)
for path in map(Path, sys.argv[2:]):
    print(json.dumps({"file": path.name}), flush=True)
    read_song_text(path, folder, tables)
    try:
        audio = read_slice(path, budget=10)
    except AlccaError as error:
        print(json.dumps({"reason": str(error)}), flush=True)
        continue
    features = mfcc(audio.samples)
    print(json.dumps({
        "samples": audio.samples.shape, "features": features.shape, "seconds": audio.seconds, "notes": audio.notes,
        "finite": bool(np.isfinite(audio.samples).all() and np.isfinite(features).all()),
        "loudest": float(abs(audio.samples).max()),
    }), flush=True)
"""
TIMES = 10
SECONDS_BEFORE_IT_HANGS = 300


def damaged(data, rng, times):
    """Cut, flipped, emptied and otherwise spoilt copies of a file, by what was done to it; so many by chance."""
    for number in range(times):
        yield f"cut{number}", data[: int(len(data) * rng.uniform(0, 1) ** 2)]
        flipped = bytearray(data)
        # From one bit to one in a hundred bytes; every fourth time in the header alone.
        end = 200 if number % 4 == 0 else len(data)
        for place in rng.integers(0, end, int(10 ** rng.uniform(0, np.log10(end / 10)))):
            flipped[place] ^= 1 << int(rng.integers(8))
        yield f"flip{number}", bytes(flipped)
    yield "empty", b""
    yield "zeros", bytes(len(data))
    yield "hole", data[: len(data) // 3] + bytes(len(data) // 3) + data[2 * len(data) // 3 :]
    yield "headless", data[len(data) // 10 :]
    yield "head", data[:60]
    yield "noise", rng.bytes(len(data))
    yield "twice", data + data
    yield "page", b"<!DOCTYPE html><html><title>404 Not Found</title></html>"


@pytest.mark.slow
def test_damaged_files_of_every_format(tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    rng = np.random.default_rng(2020)
    files = []
    for suffix in FORMATS:
        whole = encode(tune(35), tmp_path / f"whole.{suffix}").read_bytes()
        for what, data in damaged(whole, rng, TIMES):
            path = music / f"{what}.{suffix}"
            path.write_bytes(data)
            files.append(path)
    assert len(files) == len(FORMATS) * (2 * TIMES + 8)
    readers = [
        subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-c", READER, str(music), *map(str, part)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for part in (files[::2], files[1::2])
    ]
    results = {}
    for reader in readers:
        try:
            out, err = reader.communicate(timeout=SECONDS_BEFORE_IT_HANGS)
        except subprocess.TimeoutExpired:
            reader.kill()
            out, err = reader.communicate()
            pytest.fail(f"hung at {out.splitlines()[-1:]}")
        lines = [json.loads(line) for line in out.splitlines()]
        assert reader.returncode == 0, f"died with {reader.returncode} at {lines[-1:]}: {err[-3000:]}"
        results.update({head["file"]: result for head, result in zip(lines[::2], lines[1::2], strict=True)})
    assert len(results) == len(files)
    for name, result in results.items():
        if "reason" in result:
            assert result["reason"].startswith(f"{name}: "), result
            assert len(result["reason"]) > len(name) + 10, result
            assert "\n" not in result["reason"]
        else:
            assert result["samples"] == [661_500], (name, result)
            assert result["features"] == [20, 161], (name, result)
            assert result["finite"], (name, result)
    for suffix in FORMATS:
        for what in ("empty", "zeros", "head", "page"):
            assert "reason" in results[f"{what}.{suffix}"], (what, suffix, results[f"{what}.{suffix}"])
        # Not everything is refused: a file with its second half cut off is still a song.
        kept = [name for name in results if Path(name).suffix == f".{suffix}" and "reason" not in results[name]]
        assert len(kept) > TIMES / 2, (suffix, kept)
    reasons = [result["reason"] for result in results.values() if "reason" in result]
    assert len(reasons) > len(files) / 6
