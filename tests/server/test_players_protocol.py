"""The protocol: XML and JSON, credentials and errors, files, and what is refused."""

import hashlib
import json
import shutil
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import soundfile
from starlette.testclient import TestClient
from tests.libraries import Inline

from alcca import Library
from alcca.media.pictures import Pictures
from alcca.server.application import create_app
from alcca.server.service import Service
from alcca.server.token import FREE_GUESSES
from alcca.store.records import SongRecording, SongSummary
from alcca.subsonic.answers import answer
from alcca.subsonic.calls import CALLS, FILES
from alcca.subsonic.catalogue import Catalogue
from alcca.workers import local

TOKEN = "a long random token"
NAMES = "{http://subsonic.org/restapi}"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def put_picture(path):
    """Put a picture into a FLAC file: a block of metadata behind the first one."""
    data = path.read_bytes()
    size = int.from_bytes(data[5:8])
    kind, about = b"image/png", b""
    block = (3).to_bytes(4) + len(kind).to_bytes(4) + kind + len(about).to_bytes(4) + about + bytes(16)
    block += len(PNG).to_bytes(4) + PNG
    head = data[:4] + bytes([data[4] & 0x7F]) + data[5 : 8 + size]
    last = 0x80 if data[4] & 0x80 else 0
    path.write_bytes(head + bytes([last | 6]) + len(block).to_bytes(3) + block + data[8 + size :])


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A library of an album that is one file, an album of files, and a song that the library lost."""
    place = tmp_path_factory.mktemp("subsonic")
    ticks = np.arange(8 * 22_050) / 22_050
    sound = 0.4 * np.sin(2000 * ticks) * (0.6 + 0.4 * np.sin(7 * ticks))
    rows = ["file_name,title,artist,album,label"]
    for number, (folder, title) in enumerate(
        [("quay", "One & <only>"), ("quay", "Two\u0001"), ("loose", "Three"), ("gone", "Four")]
    ):
        path = place / "music" / folder / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, sound * (1 - 0.1 * number), 22_050)
        path.with_suffix(".txt").write_text("Copper lanterns on the quay\nsalt and silver\n")
        rows.append(f'{folder}/{number}.wav,"{title}",Édith,{"Quay" if folder == "quay" else ""},Folk')
    soundfile.write(place / "music" / "album.flac", sound * 0.3, 22_050)
    put_picture(place / "music" / "album.flac")
    (place / "music" / "album.cue").write_text(
        'PERFORMER "Ada"\nTITLE "Tracks"\nFILE "album.flac" WAVE\nTRACK 01 AUDIO\nTITLE "First"\nINDEX 01 00:00:00\n'
        'TRACK 02 AUDIO\nTITLE "Second"\nINDEX 01 00:04:00\n'
    )
    (place / "music" / "songs.csv").write_text("\n".join(rows))
    with pytest.MonkeyPatch.context() as patch, Library(place / "shelf", progress=False) as library:
        patch.setattr(local, "process_pool", Inline().pool)
        library.add(place / "music")
    (place / "music" / "gone" / "3.wav").unlink()
    (place / "music" / "quay" / "Cover.png").write_bytes(PNG)
    (place / "music" / "loose" / "cover.jpg").write_text("no picture")
    return place


@pytest.fixture(scope="module")
def service(place):
    with Service(place / "shelf", 10_000_000) as service:
        yield service


@pytest.fixture(scope="module")
def open_client(service):
    """Of a server without a token."""
    return TestClient(create_app(service), base_url="http://127.0.0.1")


@pytest.fixture
def guarded(service):
    """Of a server with one, which has forgotten all guesses."""
    return TestClient(create_app(service, token=TOKEN), base_url="http://127.0.0.1")


def asked(client, call, **parameters):
    """The fields of an answer in JSON."""
    answer = client.get(f"/rest/{call}", params={"f": "json", **parameters})
    assert answer.headers["content-type"] == "application/json"
    return answer.json()["subsonic-response"]


def code(told):
    assert told["status"] == "failed"
    return told["error"]["code"]


@pytest.fixture(scope="module")
def ids(open_client):
    return {song["title"]: song["id"] for song in asked(open_client, "search3", query="")["searchResult3"]["song"]}


# Answers


def test_xml_is_the_default_and_well_formed_whatever_a_song_is_called(open_client):
    answer = open_client.get("/rest/search3.view", params={"query": '""'})
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    root = ET.fromstring(answer.content)
    assert (root.tag, root.get("status"), root.get("version")) == (f"{NAMES}subsonic-response", "ok", "1.16.1")
    assert (root.get("type"), root.get("openSubsonic")) == ("alcca", "true")
    titles = {song.get("title") for song in root.iter(f"{NAMES}song")}
    assert {"One & <only>", "First", "Three"} <= titles
    assert next(root.iter(f"{NAMES}song")).get("isDir") == "false"


def test_the_same_in_json(open_client):
    told = asked(open_client, "ping")
    assert set(told) == {"status", "version", "type", "serverVersion", "openSubsonic"}
    assert (told["status"], told["openSubsonic"]) == ("ok", True)


def test_values_that_xml_cannot_hold():
    fields = {"song": [{"title": "a\x00\ud800\uffff]]>\"'<&>", "none": None, "versions": [1, 2]}]}
    root = ET.fromstring(answer(fields, "xml").body)
    (song,) = root
    assert song.get("title") == "a\ufffd\ufffd\ufffd]]>\"'<&>"
    assert [one.text for one in song] == ["1", "2"]
    written = json.loads(answer(fields, "json").body)["subsonic-response"]["song"][0]
    assert written == {"title": "a\x00?\uffff]]>\"'<&>", "versions": [1, 2]}


def test_texts_are_elements_in_xml(open_client, ids, place):
    answer = open_client.get("/rest/getLyricsBySongId", params={"id": ids["One & <only>"]})
    lines = [line.text for line in ET.fromstring(answer.content).iter(f"{NAMES}line")]
    assert lines == ["Copper lanterns on the quay", "salt and silver"]
    lyrics = ET.fromstring(open_client.get("/rest/getLyrics?artist=edith&title=three").content)[0]
    assert (lyrics.tag, lyrics.text) == (f"{NAMES}lyrics", "Copper lanterns on the quay\nsalt and silver")


def test_a_form_is_read_as_the_address_is(open_client, ids):
    form = open_client.post("/rest/getSong.view", data={"id": ids["Three"], "f": "json"}).json()
    assert form["subsonic-response"]["song"]["title"] == "Three"


def test_every_call_is_answered_in_both_forms(open_client, ids):
    """Without parameters too: then a call may say what it lacks."""
    for name in CALLS:
        for given in ({}, {"id": ids["Three"], "type": "newest", "query": "quay", "genre": "Folk"}):
            told = asked(open_client, name, **given)
            assert told["status"] == "ok" or code(told) in (10, 70), name
            root = ET.fromstring(open_client.get(f"/rest/{name}", params=given).content)
            assert root.get("status") == told["status"], name
    for name in FILES:
        assert code(asked(open_client, name)) == 10


@pytest.mark.parametrize("name", ["star", "createPlaylist", "deleteUser", "", "a/b", "hls", "getLyrics.view.view"])
def test_what_is_not_supported_is_told(open_client, name):
    answer = open_client.get(f"/rest/{name}", params={"f": "json"})
    assert answer.status_code == 404
    if answer.headers["content-type"] == "application/json":
        assert "not supported" in answer.json()["subsonic-response"]["error"]["message"]


@pytest.mark.parametrize(
    ("call", "given", "expected"),
    [
        ("getSong", {}, 10),
        ("getSong", {"id": "x"}, 70),
        ("getSong", {"id": "9" * 5000}, 70),
        ("getSong", {"id": "²"}, 70),
        ("getAlbum", {"id": "al-0"}, 70),
        ("getAlbumList2", {"type": "loudest"}, 10),
        ("getAlbumList2", {"type": "newest", "size": "many"}, 10),
        ("search3", {"query": "x", "songOffset": "-1"}, 10),
        ("ping", {"f": "jsonp", "callback": "alert"}, None),
    ],
)
def test_errors_have_a_code(open_client, call, given, expected):
    if expected is None:
        answer = open_client.get(f"/rest/{call}", params=given)
        assert ET.fromstring(answer.content)[0].get("code") == "0"
        assert "alert" not in answer.text
    else:
        assert code(asked(open_client, call, **given)) == expected


# Credentials


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


RIGHT = [
    {"u": "ada", "p": TOKEN},
    {"u": "", "p": TOKEN},
    {"u": "ada", "p": "enc:" + TOKEN.encode().hex()},
    {"u": "ada", "t": md5(TOKEN + "salt"), "s": "salt"},
    {"u": "ada", "t": md5(TOKEN + "salt").upper(), "s": "salt"},
    {"apiKey": TOKEN},
]
WRONG = [
    ({}, 10),
    ({"u": "ada"}, 10),
    ({"p": TOKEN}, 10),
    ({"u": "ada", "p": "wrong"}, 40),
    ({"u": "ada", "p": ""}, 40),
    ({"u": "ada", "p": "enc:zz"}, 40),
    ({"u": "ada", "p": "enc:ff"}, 40),
    ({"u": "ada", "t": md5(TOKEN + "other"), "s": "salt"}, 40),
    ({"u": "ada", "t": md5(TOKEN)}, 10),
    ({"u": "ada", "t": TOKEN, "s": ""}, 40),
    ({"apiKey": "wrong"}, 44),
    ({"apiKey": TOKEN, "u": "ada"}, 43),
    ({"u": "ada", "p": TOKEN, "t": md5(TOKEN + "salt"), "s": "salt"}, 43),
]


@pytest.mark.parametrize("given", RIGHT, ids=str)
def test_the_token_opens_it(guarded, given):
    assert asked(guarded, "ping", **given)["status"] == "ok"


@pytest.mark.parametrize(("given", "expected"), WRONG, ids=str)
def test_without_the_token_it_is_closed(guarded, given, expected):
    for call in ("ping", "search3", "stream", "getCoverArt", "star"):
        assert code(asked(guarded, call, **given)) == expected


def test_what_a_player_may_know_before_it_logs_in(guarded):
    listed = asked(guarded, "getOpenSubsonicExtensions")["openSubsonicExtensions"]
    assert {"name": "songLyrics", "versions": [1, 2]} in listed
    root = ET.fromstring(guarded.get("/rest/getOpenSubsonicExtensions").content)
    assert {one.get("name") for one in root} == {one["name"] for one in listed}


def test_neither_the_cookie_nor_a_bearer_token_opens_it(guarded):
    guarded.post("/login", data={"token": TOKEN})
    assert code(asked(guarded, "ping")) == 10
    answer = guarded.get("/rest/ping?f=json", headers={"Authorization": f"Bearer {TOKEN}"})
    assert code(answer.json()["subsonic-response"]) == 10


@pytest.mark.parametrize(
    "given", [{"apiKey": "wrong"}, {"u": "ada", "p": "wrong"}, {"u": "ada", "t": "wrong", "s": "salt"}], ids=str
)
def test_guessing_is_slowed_down(guarded, given):
    for _ in range(FREE_GUESSES):
        asked(guarded, "ping", **given)
    for one in (given, RIGHT[0], RIGHT[3]):
        answer = guarded.get("/rest/ping", params={"f": "json", **one})
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        assert "too many wrong tokens" in answer.json()["subsonic-response"]["error"]["message"]
    # Guesses here and at the API count together.
    assert guarded.get("/api/v1/status", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 429


def test_a_server_without_a_token_asks_for_none(open_client):
    for given in ({}, {"u": "ada", "p": "anything"}, {"apiKey": "anything"}):
        assert asked(open_client, "ping", **given)["status"] == "ok"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    ],
)
def test_pages_of_other_origins_may_not_ask(open_client, headers):
    assert open_client.get("/rest/search3?query=", headers=headers).status_code == 403


# Browsing


def test_albums_are_of_a_folder_and_songs_without_one_of_their_artist(open_client):
    albums = asked(open_client, "getAlbumList2", type="alphabeticalByName")["albumList2"]["album"]
    assert [(album["name"], album["artist"], album["songCount"]) for album in albums] == [
        ("[Unknown Album]", "Édith", 2),
        ("Quay", "Édith", 2),
        ("Tracks", "Ada", 2),
    ]
    letters = asked(open_client, "getArtists")["artists"]["index"]
    assert [(letter["name"], [one["name"] for one in letter["artist"]]) for letter in letters] == [
        ("A", ["Ada"]),
        ("E", ["Édith"]),
    ]


def test_older_players_browse_folders(open_client):
    letters = asked(open_client, "getIndexes")["indexes"]["index"]
    edith = letters[1]["artist"][0]["id"]
    albums = asked(open_client, "getMusicDirectory", id=edith)["directory"]["child"]
    assert [(album["isDir"], album["title"]) for album in albums] == [(True, "[Unknown Album]"), (True, "Quay")]
    directory = asked(open_client, "getMusicDirectory", id=albums[1]["id"])["directory"]
    assert [(song["isDir"], song["title"][:3]) for song in directory["child"]] == [(False, "One"), (False, "Two")]
    assert directory["parent"] == edith


def test_paths_stay_private(open_client, place):
    answer = open_client.get("/rest/search3", params={"query": "", "f": "json"})
    assert str(place) not in answer.text
    paths = {song["path"] for song in answer.json()["subsonic-response"]["searchResult3"]["song"]}
    assert "Édith/Quay/0.wav" in paths


def test_a_search_ignores_case_accents_and_what_players_add(open_client):
    for query in ("EDITH quay", "édith", '"edith"', "edi*"):
        found = asked(open_client, "search3", query=query)["searchResult3"]["song"]
        assert {"One & <only>"} <= {song["title"] for song in found}, query
    assert asked(open_client, "search2", query="nothing")["searchResult2"] == {"artist": [], "album": [], "song": []}


def test_a_search_of_too_many_words_is_one_of_names(open_client):
    many = " ".join(f"word{number}" for number in range(5000))
    assert asked(open_client, "search3", query=many)["searchResult3"]["song"] == []


def test_genres(open_client):
    genres = asked(open_client, "getGenres")["genres"]["genre"]
    assert genres == [{"value": "Folk", "songCount": 4, "albumCount": 2}]
    songs = asked(open_client, "getSongsByGenre", genre="Folk", count=3)["songsByGenre"]["song"]
    assert len(songs) == 3
    assert len(asked(open_client, "getRandomSongs", genre="Folk", size=10)["randomSongs"]["song"]) == 4
    assert asked(open_client, "getAlbumList2", type="byGenre", genre="x")["albumList2"]["album"] == []


def test_albums_of_one_name_in_two_folders_are_two():
    songs = {number: SongSummary(number, f"S{number}", "Ada", None, None, True, False) for number in range(4)}
    places = ["/m/one/a.mp3", "/m/one/b.mp3", "/m/two/a.mp3", "/m/two/b.flac#02"]
    catalogue = Catalogue(songs, [SongRecording(i, "Best of", None, path, 1, 1) for i, path in enumerate(places)])
    assert sorted(len(album.tracks) for album in catalogue.albums.values()) == [2, 2]
    # A song that was added since the library was looked at.
    assert len(Catalogue({}, [SongRecording(1, None, None, "/m/a.mp3", 1, 1)]).tracks) == 0


# Lyrics


def test_words_have_their_times_if_asked_for(open_client, ids, place):
    sidecar = place / "music" / "quay" / "0.lrc"
    sidecar.write_text("[00:01.00]<00:01.00>Für <00:02.50>Élise<00:03.00>\n[00:04.00]again\n", encoding="utf-8")
    try:
        given = {"id": ids["One & <only>"]}
        (plain,) = asked(open_client, "getLyricsBySongId", **given)["lyricsList"]["structuredLyrics"]
        (full,) = asked(open_client, "getLyricsBySongId", enhanced="true", **given)["lyricsList"]["structuredLyrics"]
        xml = ET.fromstring(open_client.get("/rest/getLyricsBySongId", params={"enhanced": "true", **given}).content)
    finally:
        sidecar.unlink()
    assert set(plain) == {"displayArtist", "displayTitle", "lang", "offset", "synced", "line"}
    assert plain["line"] == [{"start": 1000, "value": "Für Élise"}, {"start": 4000, "value": "again"}]
    assert {name: value for name, value in full.items() if name not in ("kind", "cueLine")} == plain
    (line,) = full["cueLine"]
    assert {name: line[name] for name in ("index", "start", "end", "value")} == {
        "index": 0,
        "start": 1000,
        "end": 3000,
        "value": "Für Élise",
    }
    whole = line["value"].encode()
    assert [whole[cue["byteStart"] : cue["byteEnd"] + 1].decode() for cue in line["cue"]] == ["Für", "Élise"]
    assert [(cue["start"], cue["value"]) for cue in line["cue"]] == [(1000, "Für"), (2500, "Élise")]
    assert [cue.text for cue in xml.iter(f"{NAMES}cue")] == ["Für", "Élise"]
    assert next(xml.iter(f"{NAMES}cueLine")).get("value") == "Für Élise"


# Files


def test_recordings_come_as_they_are_with_ranges(open_client, ids, place):
    whole = (place / "music" / "loose" / "2.wav").read_bytes()
    given = {"id": ids["Three"], "maxBitRate": "128", "format": "mp3"}
    answer = open_client.get("/rest/stream.view", params=given)
    assert (answer.content, answer.headers["content-type"]) == (whole, "audio/wav")
    part = open_client.get("/rest/stream.view", params=given, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    head = open_client.head("/rest/stream.view", params=given)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(whole)))


def test_a_file_that_is_gone_and_a_part_of_a_file(open_client, ids):
    assert "alcca add" in asked(open_client, "stream", id=ids["Four"])["error"]["message"]
    told = asked(open_client, "stream", id=ids["Second"])
    assert code(told) == 70
    assert "a part of a file" in told["error"]["message"]


def test_pictures_beside_the_recordings(open_client, ids, place):
    album = asked(open_client, "getSong", id=ids["One & <only>"])["song"]["albumId"]
    for number in (ids["One & <only>"], album):
        answer = open_client.get("/rest/getCoverArt", params={"id": number, "size": 300})
        assert (answer.content, answer.headers["content-type"]) == (PNG, "image/png")
    assert code(asked(open_client, "getCoverArt", id=ids["Three"])) == 70
    assert code(asked(open_client, "getCoverArt", id="al-0")) == 70


def test_pictures_in_tags(open_client, ids, place):
    (place / "music" / "quay" / "Cover.png").rename(place / "hidden.png")
    try:
        given = {"id": ids["Two\ufffd"] if "Two\ufffd" in ids else ids["One & <only>"]}
        assert code(asked(open_client, "getCoverArt", **given)) == 70
        answer = open_client.get("/rest/getCoverArt", params={"id": ids["First"]})
        assert (answer.content, answer.headers["content-type"]) == (PNG, "image/png")
    finally:
        (place / "hidden.png").rename(place / "music" / "quay" / "Cover.png")


def test_a_picture_process_that_dies_is_replaced(place, monkeypatch):
    pictures = Pictures()
    try:
        assert pictures.of(place / "music" / "album.flac") == PNG
        first = pictures._process
        first.kill()
        assert pictures.of(place / "music" / "album.flac") in (b"", PNG)
        assert pictures.of(place / "music" / "album.flac") == PNG
        assert pictures._process is not first
        assert pictures.of(place / "music" / "songs.csv") == b""
        assert pictures.of(place / "nothing.flac") == b""
    finally:
        pictures.close()


def test_a_picture_that_is_a_link_is_not_followed(open_client, ids, place, tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(PNG)
    (place / "music" / "loose" / "cover.png").symlink_to(secret)
    try:
        assert code(asked(open_client, "getCoverArt", id=ids["Three"])) == 70
    finally:
        (place / "music" / "loose" / "cover.png").unlink()


# The library


def test_new_songs_appear(place, tmp_path, ids):
    shutil.copytree(place / "shelf", tmp_path / "shelf")
    shutil.copytree(place / "music" / "quay", tmp_path / "more")
    with Service(tmp_path / "shelf", 10_000_000) as service:
        client = TestClient(create_app(service), base_url="http://127.0.0.1")
        assert asked(client, "getScanStatus")["scanStatus"]["count"] == len(ids)
        path = tmp_path / "more" / "new.wav"
        soundfile.write(path, 0.3 * np.sin(np.arange(8 * 22_050) / 5), 22_050)
        before = service.library.snapshot
        with pytest.MonkeyPatch.context() as patch, Library(tmp_path / "shelf", progress=False) as library:
            patch.setattr(local, "process_pool", Inline().pool)
            library.add(tmp_path / "more")
        while service.library.snapshot is before:
            time.sleep(0.05)
        assert "new" in {song["title"] for song in asked(client, "search3", query="new")["searchResult3"]["song"]}


def test_a_library_that_is_gone_is_told(place, tmp_path, ids):
    shutil.copytree(place / "shelf", tmp_path / "shelf")
    with Service(tmp_path / "shelf", 10_000_000) as service:
        client = TestClient(create_app(service), base_url="http://127.0.0.1")
        assert asked(client, "ping")["status"] == "ok"
        shutil.rmtree(tmp_path / "shelf")
        answer = client.get("/rest/getArtists?f=json")
        assert answer.status_code == 503
        told = answer.json()["subsonic-response"]
        assert code(told) == 0
        assert str(tmp_path) not in told["error"]["message"]
