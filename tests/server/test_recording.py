"""A song's own recording: whole, in ranges, and found by its number alone."""

import os
import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from alcca import Library
from alcca.server.application import create_app
from alcca.server.service import Service

API = "/api/v1"


@pytest.fixture(scope="module")
def recordings(client, music_once):
    """Number, content and media type of a song in each format."""
    types = {"wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg"}
    found = {}
    for song in client.get(f"{API}/songs", params={"k": 100}).json()["songs"]:
        name = client.get(f"{API}/songs/{song['id']}").json()["file"]
        if name.rpartition(".")[2] in types:
            found[name.rpartition(".")[2]] = (song["id"], (music_once / name).read_bytes(), name)
    assert set(found) == set(types)
    return {suffix: (*found[suffix], types[suffix]) for suffix in types}


@pytest.fixture(scope="module")
def flac(recordings):
    number, data, *_ = recordings["flac"]
    return f"{API}/songs/{number}/audio", data


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_a_recording_is_sent_whole(client, recordings, suffix):
    number, data, name, kind = recordings[suffix]
    answer = client.get(f"{API}/songs/{number}/audio")
    assert answer.status_code == 200
    assert answer.content == data
    assert answer.headers["content-type"] == kind
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(data))
    assert answer.headers["content-disposition"].startswith("inline")
    assert name.replace(" ", "%20") in answer.headers["content-disposition"]
    assert "/" not in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-199", 100, 200),
        ("bytes=1000-", 1000, None),
        ("bytes=0-", 0, None),
        ("bytes=-100", -100, None),
        ("bytes=-999999999", 0, None),
        ("bytes=500-999999999999999999", 500, None),
    ],
)
def test_a_range_is_sent_alone(client, flac, asked, begin, end):
    address, data = flac
    answer = client.get(address, headers={"range": asked})
    assert answer.status_code == 206
    assert answer.content == data[begin:end]
    first = begin % len(data) if begin < 0 else begin
    last = first + len(answer.content) - 1
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(data)}"
    assert answer.headers["content-length"] == str(len(answer.content))


def test_ranges_put_together_are_the_file(client, flac):
    address, data = flac
    parts = [
        client.get(address, headers={"range": f"bytes={start}-{start + 9_999}"}).content
        for start in range(0, len(data), 10_000)
    ]
    assert b"".join(parts) == data


@pytest.mark.parametrize("begin", [0, 1, 10**15])
def test_a_range_beyond_the_end_is_a_416(client, problem_of, flac, begin):
    address, data = flac
    answer = client.get(address, headers={"range": f"bytes={len(data) + begin}-"})
    assert str(len(data)) in problem_of(answer, 416)
    assert answer.headers["content-range"] == f"bytes */{len(data)}"
    problem_of(client.get(address, headers={"range": "bytes=-0"}), 416)


@pytest.mark.parametrize(
    "asked",
    ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=--1", "bytes=0-1,5-6", "lines=0-1",
     "bytes=1.5-2", f"bytes={'9' * 5000}-", "bytes=0-" + ",0-" * 5000, "bytes=0x10-"],
)  # fmt: skip
def test_a_range_that_cannot_be_understood_gets_the_whole_file(client, flac, asked):
    address, data = flac
    answer = client.get(address, headers={"range": asked})
    assert answer.status_code == 200
    assert answer.content == data


def test_a_player_that_comes_back_gets_its_range_only_of_the_same_file(client, flac):
    address, data = flac
    tag = client.get(address, headers={"range": "bytes=0-0"}).headers["etag"]
    again = client.get(address, headers={"range": "bytes=10-19", "if-range": tag})
    assert (again.status_code, again.content) == (206, data[10:20])
    other = client.get(address, headers={"range": "bytes=10-19", "if-range": '"another"'})
    assert (other.status_code, other.content) == (200, data)


def test_a_recording_may_be_kept_by_the_browser_alone(client, flac):
    assert client.get(flac[0]).headers["cache-control"].startswith("private")


@pytest.mark.parametrize(
    "path",
    ["..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "1%00.wav", "1;song.wav", "../../../etc/passwd", "song%2002.ogg"],
)
def test_a_path_is_no_number(client, path):
    answer = client.get(f"{API}/songs/{path}/audio")
    assert answer.status_code in (404, 422)
    assert "root:" not in answer.text


def test_what_is_no_recording_is_not_sent(tmp_path, music_once, problem_of):
    """Neither a file without sound, nor what a link leads to now, nor a file that has changed since."""
    music, real = tmp_path / "music", tmp_path / "elsewhere"
    music.mkdir()
    real.mkdir()
    secret = tmp_path / "secret"
    secret.write_text("root: nobody shall read this\n" * 99)
    (music / "a.ogg").symlink_to(secret)
    (music / "a.txt").write_text("words of a song without sound")
    for name, source in (("b", "song 01.flac"), ("c", "song 04.flac"), ("d", "song 07.flac"), ("e", "song 10.flac")):
        shutil.copy(music_once / source, real / f"{name}.flac")
        (music / f"{name}.flac").symlink_to(real / f"{name}.flac")
    with Library(tmp_path / "new", progress=False) as library:
        library.add(music, jobs=1)
        numbers = {Path(song.paths[0]).name[0]: song.id for song in library.songs()}
    with Service(tmp_path / "new", 10**6) as service:
        client = TestClient(create_app(service), base_url="http://127.0.0.1")

        def ask(name, **headers):
            return client.get(f"{API}/songs/{numbers[name]}/audio", headers=headers)

        assert "no usable audio" in problem_of(ask("a"), 404)
        for name in "bcde":
            assert ask(name).content == (real / f"{name}.flac").read_bytes(), "a link to music is followed"
        (music / "b.flac").unlink()
        (music / "b.flac").symlink_to(secret)
        (real / "c.flac").write_bytes((real / "c.flac").read_bytes() + b"more")
        (music / "d.flac").unlink()
        os.mkfifo(music / "d.flac")
        (music / "e.flac").unlink()
        (music / "e.flac").symlink_to("e.flac")
        for name in "bcde":
            for headers in ({}, {"range": "bytes=0-9"}):
                answer = ask(name, **headers)
                assert "alcca add" in problem_of(answer, 404)
                assert "root:" not in answer.text
                assert str(tmp_path) not in answer.text


def test_a_file_that_has_gone_is_said_to_be(tmp_path, music_once, problem_of):
    shutil.copy(music_once / "song 01.flac", tmp_path / "gone.flac")
    with Library(tmp_path / "new", progress=False) as library:
        library.add(tmp_path / "gone.flac", jobs=1)
    with Service(tmp_path / "new", 10**6) as service:
        client = TestClient(create_app(service), base_url="http://127.0.0.1")
        assert client.get(f"{API}/songs/1/audio").status_code == 200
        (tmp_path / "gone.flac").unlink()
        answer = client.get(f"{API}/songs/1/audio")
        assert "alcca add" in problem_of(answer, 404)
        assert str(tmp_path) not in answer.text
