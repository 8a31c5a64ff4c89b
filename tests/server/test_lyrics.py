"""The lyrics of a song as a file: with the times of a lyric file beside it, or of its transcript."""

import pytest
from starlette.testclient import TestClient

from alcca.server.application import create_app
from alcca.server.service import Service
from alcca.texts.timed import parse

API = "/api/v1"
FILES = ["lrc", "elrc", "srt", "vtt", "ttml"]


@pytest.fixture(scope="module")
def heard(heard_shelf):
    """A client of a library of which three songs have been heard."""
    with Service(heard_shelf, 10_000_000) as service, TestClient(create_app(service)) as heard:
        yield heard


@pytest.fixture
def beside(music_once):
    """Write a lyric file beside a recording, for one test."""
    written = []

    def write(name, text):
        path = music_once / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
        return path

    yield write
    for path in written:
        path.unlink()


LRC = "[00:01.00]<00:01.00>river <00:02.00>mountain\n[00:03.50]silver\n"


def test_the_default_is_json_with_all_that_is_known(heard, id_of, beside):
    beside("song 06.lrc", LRC)
    answer = heard.get(f"{API}/songs/{id_of['Song 06']}/lyrics")
    lyrics = answer.json()
    assert (lyrics["source"], lyrics["synced"], lyrics["language"]) == ("lrc", True, "en")
    word = {"text": "mountain", "start": 2.0, "end": None, "confidence": None}
    assert lyrics["lines"][0]["words"][1] == word
    assert lyrics["lines"][1] == {"text": "silver", "start": 3.5, "end": None, "confidence": None, "words": []}


@pytest.mark.parametrize("name", FILES)
def test_a_lyric_file_comes_in_each_format(heard, id_of, beside, name):
    beside("song 06.lrc", LRC)
    answer = heard.get(f"{API}/songs/{id_of['Song 06']}/lyrics", params={"format": name})
    assert answer.status_code == 200
    assert [(line.start, line.text) for line in parse(answer.text).lines] == [(1.0, "river mountain"), (3.5, "silver")]
    suffix = ".elrc" if name == "elrc" else f".{name}"
    assert answer.headers["content-disposition"] == f"inline; filename*=UTF-8''song%2006{suffix}"
    assert (
        answer.headers["content-type"].split(";")[0]
        == {
            "lrc": "text/plain",
            "elrc": "text/plain",
            "srt": "application/x-subrip",
            "vtt": "text/vtt",
            "ttml": "application/ttml+xml",
        }[name]
    )


def test_lrc_says_whose_lyrics_they_are(heard, id_of, beside):
    beside("song 06.lrc", LRC)
    text = heard.get(f"{API}/songs/{id_of['Song 06']}/lyrics?format=lrc").text
    assert text.startswith("[ti:Song 06]\n[ar:Bela]\n[al:Shelf]\n[length:")
    assert "\n[re:alcca " in text
    assert "\n[la:en]\n" in text


def test_the_transcript_times_lyrics_without_times(heard, id_of):
    number = id_of["Song 09"]
    lyrics = heard.get(f"{API}/songs/{number}/lyrics").json()
    lines = heard.get(f"{API}/songs/{number}").json()["heard"]["lines"]
    assert lyrics["source"] == "aligned"
    assert [(line["text"], line["start"]) for line in lyrics["lines"]] == [
        (line["text"], line["start"]) for line in lines
    ]


def test_lyrics_without_times_are_text_alone(heard, id_of, problem_of):
    number = id_of["Song 07"]
    assert heard.get(f"{API}/songs/{number}/lyrics").json()["synced"] is False
    text = heard.get(f"{API}/songs/{number}/lyrics?format=text").text
    assert text == heard.get(f"{API}/songs/{number}").json()["lyrics"] + "\n"
    for name in FILES:
        answer = heard.get(f"{API}/songs/{number}/lyrics", params={"format": name})
        assert "too few for" in problem_of(answer, 409)


def test_a_song_without_lyrics_and_one_that_is_not_there(heard, id_of, problem_of):
    assert "no lyrics" in problem_of(heard.get(f"{API}/songs/{id_of['no words']}/lyrics"), 404)
    assert "no song 99999" in problem_of(heard.get(f"{API}/songs/99999/lyrics?format=lrc"), 404)
    assert "format" in problem_of(heard.get(f"{API}/songs/{id_of['Song 07']}/lyrics?format=doc"), 422)


def test_head_is_answered(heard, id_of):
    answer = heard.head(f"{API}/songs/{id_of['Song 07']}/lyrics?format=text")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


def test_a_link_out_of_the_music_is_not_followed(heard, id_of, music_once, tmp_path):
    secret = tmp_path / "secret.lrc"
    secret.write_text("[00:01.00]the password\n[00:02.00]is swordfish\n")
    link = music_once / "song 06.lrc"
    link.symlink_to(secret)
    try:
        answer = heard.get(f"{API}/songs/{id_of['Song 06']}/lyrics")
    finally:
        link.unlink()
    assert answer.json()["source"] == "text"
    assert "swordfish" not in answer.text


def test_a_damaged_lyric_file_is_passed_over(heard, id_of, beside):
    beside("song 06.lrc", "").write_bytes(b"PK\x03\x04" + bytes(range(256)))
    assert heard.get(f"{API}/songs/{id_of['Song 06']}/lyrics").json()["source"] == "text"
