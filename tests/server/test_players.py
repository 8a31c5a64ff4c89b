"""A public client of OpenSubsonic logs in, browses, plays and shows lyrics; it is strict about each answer."""

import asyncio

import libopensonic
import pytest
from libopensonic.errors import CredentialError, DataNotFoundError, SonicError

TOKEN = "a long random token"
LRC = "[00:01.00]<00:01.00>river <00:02.00>mountain\n[00:03.50]silver\n"


@pytest.fixture(scope="module")
def address(heard_shelf, serving):
    with serving(heard_shelf, "--token", TOKEN) as server:
        yield server.address


def connect(address, **options):
    base, port = address.rsplit(":", 1)
    port, _, path = port.partition("/")
    return libopensonic.Connection(base, port=int(port), server_path=path, **options)


def read(player, response):
    """The bytes of a response, which the client's own loop receives."""
    return asyncio.run_coroutine_threadsafe(response.read(), player._loop).result()


WAYS = {
    "token and salt": {"username": "ada", "password": TOKEN},
    "password": {"username": "ada", "password": TOKEN, "legacy_auth": True},
    "API key": {"api_key": TOKEN},
    "by GET": {"username": "ada", "password": TOKEN, "use_get": True},
    "without .view": {"username": "ada", "password": TOKEN, "use_views": False},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_player_logs_in(address, way):
    player = connect(address, **WAYS[way])
    try:
        assert player.ping() is True
        assert player.get_license()["license"]["valid"] is True
        assert {one.name for one in player.get_open_subsonic_extensions()} >= {"songLyrics", "formPost"}
    finally:
        player.cleanup()


@pytest.mark.parametrize("way", [name for name in WAYS if name != "without .view"])
def test_a_wrong_password_is_refused(address, way):
    options = {**WAYS[way], "api_key" if "api_key" in WAYS[way] else "password": "wrong"}
    player = connect(address, **options)
    try:
        with pytest.raises(SonicError) as refused:
            player.get_license()
        assert isinstance(refused.value, CredentialError) or "wrong API key" in str(refused.value)
    finally:
        player.cleanup()


@pytest.fixture(scope="module")
def player(address):
    player = connect(address, username="ada", password=TOKEN)
    yield player
    player.cleanup()


def test_browsing_leads_from_artists_to_songs(player, hostile):
    letters = player.get_artists().index
    artists = {artist.name: artist for letter in letters for artist in letter.artist}
    assert list(artists) == ["[Unknown Artist]", "Various Artists"]
    (album,) = player.get_artist(artists["Various Artists"].id).album
    assert (album.name, album.song_count) == ("Shelf", 30)
    songs = player.get_album(album.id).song
    assert [song.title for song in songs][:3] == [hostile.title, "Song 01", "Song 02"]
    assert {song.artist for song in songs} == {"Ada", "Bela", "Cleo", "Dora", hostile.artist}
    assert [song.track for song in songs] == list(range(1, 31))
    song = player.get_song(songs[1].id)
    assert (song.title, song.content_type, song.suffix, song.genre) == ("Song 01", "audio/flac", "flac", "Ballad")
    assert song == songs[1]


def test_an_artist_has_the_albums_of_several_on_which_they_are(player):
    ada = next(one for one in player.search3("Ada").artist if one.name == "Ada")
    assert [album.name for album in player.get_artist(ada.id).album] == ["Shelf"]


def test_albums_come_in_pages(player):
    for order in ("alphabeticalByName", "alphabeticalByArtist", "newest", "random"):
        assert {album.name for album in player.get_album_list2(order)} == {"Shelf", "[Unknown Album]"}, order
    assert [album.name for album in player.get_album_list2("alphabeticalByName", size=1, offset=1)] == ["Shelf"]
    assert player.get_album_list2("starred") in (None, [])


def test_search(player, id_of):
    everything = player.search3("", song_count=100)
    assert len(everything.song) == 31
    assert [song.title for song in player.search3("song 0", song_count=3).song] == ["Song 01", "Song 02", "Song 03"]
    pages = [player.search3("", song_count=10, song_offset=start).song for start in (0, 10, 20, 30)]
    assert [song.id for page in pages for song in page] == [song.id for song in everything.song]
    # Words that are sung, but stand in no name.
    assert str(id_of["Song 02"]) in {song.id for song in player.search3("morning", song_count=100).song}


def test_the_recording_is_played(player, id_of, music_once):
    whole = (music_once / "song 01.flac").read_bytes()
    assert read(player, player.stream(str(id_of["Song 01"]))) == whole
    assert read(player, player.download(str(id_of["Song 01"]))) == whole


def test_synced_lyrics(player, id_of, music_once):
    number = str(id_of["Song 06"])
    (plain,) = player.get_lyrics_by_song_id(number)
    assert (plain.synced, plain.lang) == (False, "en")
    assert {line.start for line in plain.line} == {None}
    (music_once / "song 06.lrc").write_text(LRC)
    try:
        (lyrics,) = player.get_lyrics_by_song_id(number)
        assert (lyrics.synced, lyrics.display_title, lyrics.display_artist) == (True, "Song 06", "Bela")
        assert [(line.start, line.value) for line in lyrics.line] == [(1000, "river mountain"), (3500, "silver")]
        assert player.get_lyrics("bela", "SONG 06").value == "river mountain\nsilver"
    finally:
        (music_once / "song 06.lrc").unlink()


def test_no_lyrics(player, id_of):
    assert player.get_lyrics_by_song_id(str(id_of["no words"])) == []
    assert not player.get_lyrics("Nobody", "Nothing").value


def test_what_is_not_there(player):
    for call in (player.get_song, player.get_album, player.get_artist, player.get_lyrics_by_song_id):
        with pytest.raises(DataNotFoundError):
            call("99999")


def test_below_a_path(shelf_once, serving):
    with serving(shelf_once, "--root-path", "/lyrics") as server:
        player = connect(f"{server.address}", username="ada", password="anything")
        try:
            songs = player.search3("song 01").song
            assert [song.title for song in songs] == ["Song 01"]
        finally:
            player.cleanup()


def test_what_players_ask_for_at_their_start(player):
    assert player.get_user("ada").username == "ada"
    assert player.get_playlists() in (None, [])
    assert player.get_genres()
    assert player.get_scan_status().scanning is False
    assert player.scrobble("1")
    player.get_starred2()
    player.get_indexes()
