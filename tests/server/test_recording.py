"""A song's own recording: whole, in ranges, and found by its number alone."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from alcca import Library
from alcca.media.recording import ServedFile, open_recording
from alcca.media.sending import send_recording
from alcca.server.application import create_app
from alcca.server.service import Service
from alcca.songs.audio import content_hash
from alcca.store.records import FileStamp

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
    ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=999999999-5", "bytes=--1", "bytes=0-1,5-6",
     "lines=0-1", "bytes=1.5-2", f"bytes={'9' * 5000}-", "bytes=0-" + ",0-" * 5000, "bytes=0x10-"],
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


def test_a_range_of_another_version_is_of_no_importance(client, flac):
    address, data = flac
    date = client.head(address).headers["last-modified"]
    again = client.get(address, headers={"range": "bytes=0-1", "if-range": date})
    assert (again.status_code, again.content) == (206, data[:2])
    for version in ('"another"', "Mon, 01 Jan 2001 00:00:00 GMT", "nonsense"):
        for asked in ("bytes=0-1", f"bytes={len(data)}-"):
            other = client.get(address, headers={"range": asked, "if-range": version})
            assert (other.status_code, other.content) == (200, data), (version, asked)


def test_a_recording_that_the_browser_has_is_not_sent_again(client, flac):
    address, data = flac
    told = client.head(address).headers
    for condition in ({"if-none-match": told["etag"]}, {"if-none-match": f'"x", W/{told["etag"]}'},
                      {"if-none-match": "*"}, {"if-modified-since": told["last-modified"]}):  # fmt: skip
        for more in ({}, {"range": "bytes=0-1"}):
            answer = client.get(address, headers={**condition, **more})
            assert (answer.status_code, answer.content) == (304, b""), condition
            assert answer.headers["etag"] == told["etag"]
    for condition in ({"if-none-match": '"x"'}, {"if-modified-since": "Mon, 01 Jan 2001 00:00:00 GMT"},
                      {"if-none-match": '"x"', "if-modified-since": told["last-modified"]}):  # fmt: skip
        assert client.get(address, headers=condition).content == data, condition


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Füße – 日本.m4a", "audio/mp4"), ("a.M4A", "audio/mp4"), ("a.flac", "audio/flac"), ("a.opus", "audio/ogg"),
     ("a.m4b", "audio/mp4"), ("a.weba", "audio/webm"), ("a.ape", "audio/x-ape"),
     ("a.strange", "application/octet-stream")],
)  # fmt: skip
def test_a_player_is_told_the_type_and_the_name(tmp_path, name, kind):
    path = tmp_path / name
    path.write_bytes(b"sound")
    answer = send_recording(Request({"type": "http", "headers": []}), ServedFile(path, path.open("rb")))
    assert answer.headers["content-type"] == kind
    told = answer.headers["content-disposition"].partition("; filename")[2]
    assert unquote(told.removeprefix("*=utf-8''").removeprefix('="').removesuffix('"')) == name
    assert told.isascii()


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


def served(song_stamps, content, places):
    """The bytes that are sent; None for none."""
    song = SimpleNamespace(audio=object(), hash=content)
    found = open_recording(song, song_stamps, [str(place) for place in places])
    if found is None:
        return None
    with found.file as file:
        return file.read()


def stamp_of(path, **fields):
    about = path.stat()
    return replace(FileStamp(str(path), about.st_size, about.st_mtime_ns, ""), **fields)


def alike(path, other, data):
    """Write a file that has size and time of another one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.ljust(other.stat().st_size)[: other.stat().st_size])
    os.utime(path, ns=(other.stat().st_atime_ns, other.stat().st_mtime_ns))
    return path


def test_a_link_that_leads_out_is_followed_to_the_very_bytes_that_were_decoded_alone(tmp_path):
    music, real = (tmp_path / "music").resolve(), tmp_path / "elsewhere" / "song.flac"
    music.mkdir()
    real.parent.mkdir()
    real.write_bytes(b"the sound of a song" * 99)
    link = music / "song.flac"
    link.symlink_to(real)
    stamps, content = [stamp_of(link)], content_hash(link)
    assert served(stamps, content, [music]) == real.read_bytes()
    secret = alike(tmp_path / "secret", real, b"root: of the same size and time")
    link.unlink()
    link.symlink_to(secret)
    assert served(stamps, content, [music]) is None
    # A folder on the way may be swapped as well.
    (tmp_path / "secrets").mkdir()
    secret.rename(tmp_path / "secrets" / "song.flac")
    (music / "album").symlink_to(tmp_path / "secrets")
    swapped = [replace(stamps[0], path=str(music / "album" / "song.flac"))]
    assert served(swapped, content, [music]) is None
    # Below the folders that were added, size and time tell enough.
    assert served(swapped, content, [tmp_path.resolve()]) is not None
    assert served([replace(stamps[0], path=str(real), unreadable="today")], content, [music]) is None


@pytest.mark.parametrize("swapped", ["file", "folder"])
def test_what_is_swapped_between_the_look_and_the_opening_is_refused(tmp_path, monkeypatch, swapped):
    music = tmp_path.resolve() / "music"
    song = music / "album" / "song.flac"
    song.parent.mkdir(parents=True)
    song.write_bytes(b"the sound of a song" * 99)
    stamps, content = [stamp_of(song)], content_hash(song)
    secret = alike(tmp_path / "secrets" / "song.flac", song, b"root:")
    real = os.path.realpath

    def swap(path, **options):
        found = real(path, **options)
        if swapped == "file":
            song.unlink()
            song.symlink_to(secret)
        else:
            song.parent.rename(music / "moved")
            song.parent.symlink_to(secret.parent)
        return found

    assert served(stamps, content, [music]) == song.read_bytes()
    monkeypatch.setattr(os.path, "realpath", swap)
    assert served(stamps, content, [music]) is None


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
