"""Tracks of an album that is one file: what the API tells of them, and that the page plays each alone."""

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect
from starlette.testclient import TestClient
from tests.libraries import Inline
from tests.server.visiting import Visit

from alcca import Library
from alcca.server.application import create_app
from alcca.server.service import Service
from alcca.workers import local

RATE = 22_050
SHEET = "\n".join(
    [
        'FILE "album.wav" WAVE',
        *("TRACK 01 AUDIO", 'TITLE "One"', "INDEX 01 00:00:00"),
        *("TRACK 02 AUDIO", 'TITLE "Two"', "INDEX 01 00:03:00"),
        *("TRACK 03 AUDIO", 'TITLE "Three"', "INDEX 01 00:06:00"),
    ]
)


@pytest.fixture(scope="module")
def album_shelf(tmp_path_factory):
    place = tmp_path_factory.mktemp("tracks")
    music = place / "music"
    music.mkdir()
    time = np.arange(10 * RATE) / RATE
    soundfile.write(music / "album.flac", 0.4 * np.sin(2000 * time) * (0.6 + 0.4 * np.sin(7 * time)), RATE)
    (music / "album.cue").write_text(SHEET)
    with pytest.MonkeyPatch.context() as patch, Library(place / "shelf", progress=False) as library:
        patch.setattr(local, "process_pool", Inline().pool)
        library.add(music)
    return place / "shelf"


def test_the_api_tells_where_a_track_is(album_shelf):
    with (
        Service(album_shelf, 10_000_000) as service,
        TestClient(create_app(service), base_url="http://127.0.0.1") as client,
    ):
        songs = client.get("/api/v1/songs").json()["songs"]
        assert [(song["title"], song["cut"], song["seconds"]) for song in songs] == [
            ("One", {"start": 0.0, "end": 3.0}, 3.0),
            ("Two", {"start": 3.0, "end": 6.0}, 3.0),
            ("Three", {"start": 6.0, "end": None}, 4.0),
        ]
        details = client.get(f"/api/v1/songs/{songs[1]['id']}").json()
        assert details["file"] == "album.flac"
        answer = client.get(f"/api/v1/songs/{songs[1]['id']}/audio")
        assert answer.content == (album_shelf.parent / "music" / "album.flac").read_bytes()
        assert answer.headers["content-type"] == "audio/flac"


@pytest.mark.slow
def test_the_page_plays_a_track_alone(browser, serving, album_shelf):
    with serving(album_shelf) as server:
        _play(Visit(browser, server.address).open("#/song/2"))


def _play(page):
    expect(page.locator(".time")).to_have_text("0:00 / 0:03")
    page.click("[data-testid=play]")
    audio = page.locator("[data-testid=audio]").element_handle()
    page.wait_for_function("audio => audio.currentTime > 3.2", arg=audio)
    assert audio.evaluate("audio => audio.currentTime") < 6
    page.locator(".position").evaluate("place => { place.value = 2.5; place.dispatchEvent(new Event('input')) }")
    page.wait_for_function("audio => audio.currentTime >= 5.5", arg=audio)
    page.wait_for_function("audio => audio.paused && audio.currentTime < 3.1", arg=audio)
    expect(page.locator(".time")).to_have_text("0:00 / 0:03")
