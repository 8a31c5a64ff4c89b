import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metadata import tagged as made
from tests.metadata.files import read, write
from tests.songs.encoding import FORMATS, encode, encode_as, tune

from alcca.metadata.tags import read_tags

WORDS = "Copper lanterns on the quay\nYou were singing out of key"
# A frame of MPEG 1 layer III, which is where an MP3 begins.
SOUND = b"\xff\xfb\x90\x00" + bytes(413)


def put(path, *parts):
    path.write_bytes(b"".join(parts))
    return path


def texts(path):
    return [one.text for one in read_tags(path).lyrics]


@pytest.fixture
def song(tmp_path):
    """A song without tags: reading its words must not need its sound."""
    return write(tmp_path / "music" / "album" / "Name.mp3")


@pytest.fixture(scope="module")
def tagged(tmp_path_factory):
    """A second of sound in every format that FFmpeg writes tags into."""
    folder = tmp_path_factory.mktemp("tagged")
    tags = {"title": "Tagged Title", "artist": "Tagged Artist", "album": "Tagged Album", "genre": "Folk"}
    for suffix in FORMATS:
        if suffix != "ogg":
            encode(tune(1), folder / f"x.{suffix}", tags={**tags, "lyrics": "[Chorus]\ntagged words\nmore of them"})
    return folder


@pytest.mark.parametrize("suffix", [suffix for suffix in FORMATS if suffix != "ogg"])
def test_tags_of_every_format(tagged, suffix):
    found = read(tagged / f"x.{suffix}")
    assert (found.title, found.artist, found.album, found.label) == (
        "Tagged Title",
        "Tagged Artist",
        "Tagged Album",
        "Folk",
    )
    if suffix != "wav":
        assert (found.lyrics, found.lyrics_source) == ("tagged words\nmore of them", "tag")


def test_tables_and_files_come_before_tags(tagged):
    root = tagged
    write(root / "songs.csv", "file,title,mood,lyrics\nx.flac,Table Title,sad,\n")
    try:
        found = read(root / "x.flac")
        assert (found.title, found.artist, found.label, found.lyrics_source) == (
            "Table Title",
            "Tagged Artist",
            "sad",
            "tag",
        )
        write(root / "x.txt", "file words")
        assert read(root / "x.flac").lyrics == "file words"
    finally:
        for name in ("songs.csv", "x.txt"):
            (root / name).unlink(missing_ok=True)


# ID3


def test_plain_lyrics_come_before_stamped_ones(tmp_path):
    tag = made.id3(made.frame("TXXX", made.txxx("mood", "calm")), made.frame("SYLT", made.sylt([(1000, "stamped")])),
                   made.frame("USLT", made.uslt("plain")), made.frame("TLAN", b"\x03eng"))  # fmt: skip
    found = read(put(tmp_path / "a.mp3", tag, SOUND))
    assert (found.lyrics, found.label, found.language) == ("plain", "calm", "eng")


@pytest.mark.parametrize(
    "field",
    [
        "lyrics",
        "LYRICS",
        "Lyrics-eng",
        "uslt",
        "UNSYNCEDLYRICS",
        "unsynced lyrics",
        "SYNCEDLYRICS",
        "UNSYNCHRONIZED LYRICS",
    ],
)
def test_fields_that_taggers_put_lyrics_in(tmp_path, field):
    files = [
        put(
            tmp_path / "a.mp3",
            made.id3(made.frame("TXXX", made.txxx(field, WORDS)), made.frame("TEXT", b"\x03Someone")),
            SOUND,
        ),
        put(tmp_path / "a.flac", made.flac(f"{field}={WORDS}", "LYRICIST=Someone")),
        put(tmp_path / "a.wv", SOUND, made.ape({field: WORDS, "Lyricist": "Someone"})),
    ]
    assert [texts(file) for file in files] == [[WORDS]] * 3


@pytest.mark.parametrize("encoding", [0, 1, 2, 3])
@pytest.mark.parametrize("major", [2, 3, 4])
def test_unsynchronised_lyrics(tmp_path, major, encoding):
    name = "ULT" if major == 2 else "USLT"
    value = made.uslt(f"Été ÿÿ\n{WORDS}", "fra", "déscription", encoding)
    for flags in (0, 0x80):
        if flags and major == 4:
            value = value.replace(b"\xff\xfe", b"\xff\xfe")
        tag = made.id3(made.frame(name, value, major), major=major, flags=flags if major < 4 else 0)
        (found,) = read_tags(put(tmp_path / "a.mp3", tag, SOUND)).lyrics
        assert (found.text, found.language) == (f"Été ÿÿ\n{WORDS}", "fra")


def test_the_mark_of_a_description_holds_for_its_text(tmp_path):
    value = b"\x01eng\xfe\xff\0\0" + "Müde".encode("utf-16-be")
    assert texts(put(tmp_path / "a.mp3", made.id3(made.frame("USLT", value)), SOUND)) == ["Müde"]


def test_frames_with_flags(tmp_path):
    value = made.uslt(WORDS)
    frames = {
        "compressed in 2.4": made.id3(made.frame("USLT", made.compressed(value), flags=0x09)),
        "compressed in 2.3": made.id3(made.frame("USLT", made.compressed(value), 3, flags=0x80), major=3),
        "grouped": made.id3(made.frame("USLT", b"g" + value, flags=0x40)),
        "behind an extended header": made.id3(made.synchsafe(6) + b"\1\0", made.frame("USLT", value), flags=0x40),
        "behind a picture": made.id3(made.frame("APIC", bytes(200_000)), made.frame("USLT", value)),
        "of a plain size in 2.4": made.id3(
            b"USLT" + (len(value) + 200).to_bytes(4, "big") + bytes(2) + value + b" " * 200,
            made.frame("TIT2", b"\x03Title"),
        ),
        "in the second of two tags": made.id3(made.frame("TIT2", b"\x03Title")) + made.id3(made.frame("USLT", value)),
    }  # fmt: skip
    for name, tag in frames.items():
        found = read_tags(put(tmp_path / "a.mp3", tag, SOUND))
        assert [one.text.strip() for one in found.lyrics] == [WORDS], name
        assert found.notes == (), name
    encrypted = put(tmp_path / "a.mp3", made.id3(made.frame("USLT", value, flags=0x04)), SOUND)
    assert texts(encrypted) == []


def test_id3_in_other_containers(tmp_path):
    tag = made.id3(made.frame("USLT", made.uslt(WORDS)), made.frame("TIT2", b"\x03Title"))
    files = [
        put(tmp_path / "a.wav", made.riff((b"data", bytes(7)), (b"id3 ", tag))),
        put(tmp_path / "b.wav", made.riff((b"ID3 ", tag), (b"data", bytes(8)))),
        put(tmp_path / "a.aiff", made.aiff((b"SSND", bytes(9)), (b"ID3 ", tag))),
        put(tmp_path / "a.flac", tag, made.flac("GENRE=Folk")),
        put(
            tmp_path / "a.dsf",
            b"DSD " + (28).to_bytes(8, "little") + bytes(8) + (40).to_bytes(8, "little") + bytes(12),
            tag,
        ),
    ]
    assert [texts(file) for file in files] == [[WORDS]] * len(files)
    assert [read_tags(file).title for file in files[:4]] == ["Title"] * 4
    assert read_tags(files[3]).genre == "Folk"


@pytest.mark.parametrize("field", ["LYRICIST", "LYRICS_BY", "LYRICS BY", "lyrics-by", "Lyrics_URL_of_site", "COMMENT"])
def test_fields_that_hold_no_lyrics(tmp_path, field):
    assert texts(put(tmp_path / "a.flac", made.flac(f"{field}=Someone"))) == []


@pytest.mark.parametrize(
    ("field", "language"),
    [("LYRICS-ENG", "eng"), ("lyrics_ja", "ja"), ("lyrics-a description-deu", "deu"), ("LYRICS", None)],
)
def test_fields_that_name_a_language(tmp_path, field, language):
    (found,) = read_tags(put(tmp_path / "a.flac", made.flac(f"{field}={WORDS}"))).lyrics
    assert (found.text, found.language) == (WORDS, language)


def test_lyrics_in_several_languages(tmp_path):
    frames = (made.frame("USLT", made.uslt("english words", "eng")), made.frame("USLT", made.uslt("日本の言葉", "jpn")))
    song = put(tmp_path / "a.mp3", made.id3(*frames), SOUND)
    found = read(song)
    assert (found.lyrics, found.notes) == (
        "english words",
        ("lyrics in eng and jpn are in its tags; those in eng were used",),
    )
    put(song, made.id3(*frames, made.frame("TLAN", b"\x03jpn")), SOUND)
    assert read(song).lyrics == "日本の言葉"
    write(tmp_path / "songs.csv", "id,language\na,English\n")
    assert read(song).lyrics == "english words"


# Synchronised lyrics


@pytest.mark.parametrize("encoding", [0, 1, 2, 3])
def test_syllables_are_joined_and_a_line_break_begins_a_line(tmp_path, encoding):
    events = [(1000, "Cop"), (1100, "per "), (1200, "lan"), (1300, "terns"), (2000, "\nYou"), (2500, " were")]
    song = put(tmp_path / "a.mp3", made.id3(made.frame("SYLT", made.sylt(events, encoding=encoding))), SOUND)
    assert texts(song) == ["[00:01.000]Copper lanterns\n[00:02.000]You were"]
    assert read(song).lyrics == "Copper lanterns\nYou were"


@pytest.mark.parametrize(
    ("events", "lines"),
    [
        (
            [(1000, "Copper lanterns"), (61_500, "You were singing")],
            "[00:01.000]Copper lanterns\n[01:01.500]You were singing",
        ),
        ([(1000, "Copper lanterns\n"), (2000, "You\n")], "[00:01.000]Copper lanterns\n[00:02.000]You"),
        ([(0, "\nCop"), (500, "per"), (2000, "\r\nYou")], "[00:00.000]Copper\n[00:02.000]You"),
        ([(0, "Cop"), (500, "per "), (900, "lan"), (1100, "terns ")], "[00:00.000]Copper lanterns"),
        ([(0, ""), (500, "\n"), (900, "You")], "[00:00.900]You"),
    ],
)
def test_how_events_become_lines(tmp_path, events, lines):
    assert texts(put(tmp_path / "a.mp3", made.id3(made.frame("SYLT", made.sylt(events))), SOUND)) == [lines]


@pytest.mark.parametrize(
    ("kind", "sung"), [(0, False), (1, True), (2, True), (3, False), (4, False), (5, False), (6, False)]
)
def test_only_lyrics_and_transcriptions_are_sung(tmp_path, kind, sung):
    tag = made.id3(made.frame("SYLT", made.sylt([(1000, "Am"), (2000, "F")], kind)))
    read = read_tags(put(tmp_path / "a.mp3", tag, SOUND))
    assert bool(read.lyrics) is sung
    kinds = {3: "movements", 4: "events", 5: "chords", 6: "trivia"}
    told = f"its tags hold a synchronised text of {kinds.get(kind, 'another kind')}, which is not sung"
    assert read.notes == (() if sung else (told,))


@pytest.mark.parametrize("after", [b"", made.id3v1("Harbour")])
def test_id3_at_the_end(tmp_path, after):
    tag = made.id3(made.frame("USLT", made.uslt("Copper\nlanterns")), flags=0x10, padding=0)
    assert texts(put(tmp_path / "a.mp3", SOUND, tag, b"3DI" + tag[3:10], after)) == ["Copper\nlanterns"]


def test_times_in_frames_are_no_times(tmp_path):
    tag = made.id3(made.frame("SYLT", made.sylt([(100, "one"), (200, "two")], time_format=1)))
    assert texts(put(tmp_path / "a.mp3", tag, SOUND)) == ["one\ntwo"]


# Tags at the end


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("after", [b"", made.id3v1("A title that is cut off after", "V1")])
@pytest.mark.parametrize("suffix", ["mp3", "wv", "ape", "mpc", "tta"])
def test_ape(tmp_path, suffix, after, header):
    items = {
        "Title": "A title that is cut off after thirty letters", "Artist": "One\0Two", "LYRICS": WORDS, "Genre": "Folk",
        "Cover Art (Front)": b"\xff\xd8", "Language": "English",
    }  # fmt: skip
    found = read_tags(put(tmp_path / f"a.{suffix}", SOUND, made.ape(items, header=header), after))
    assert (found.title, found.artist, found.genre, found.language) == (items["Title"], "One", "Folk", "English")
    assert [one.text for one in found.lyrics] == [WORDS]
    assert found.notes == ()


def test_items_that_are_no_text(tmp_path):
    assert texts(put(tmp_path / "a.ape", SOUND, made.ape({"Lyrics": b"binary"}))) == []


def test_ape_at_the_beginning(tmp_path):
    assert texts(put(tmp_path / "a.ape", made.ape({"Lyrics": WORDS}), SOUND)) == [WORDS]


def test_id3_comes_before_ape(tmp_path):
    tag = made.id3(made.frame("TIT2", b"\x03Of ID3"))
    found = read_tags(put(tmp_path / "a.mp3", tag, SOUND, made.ape({"Title": "Of APE", "Album": "APE's"})))
    assert (found.title, found.album) == ("Of ID3", "APE's")


@pytest.mark.parametrize("last", [b"", made.id3v1("Title")])
def test_lyrics3(tmp_path, last):
    stamped = "[00:01]Copper lanterns\r\n[00:05]You"
    two = made.lyrics3_v2(IND="110", LYR=stamped, ETT="A longer title")
    assert texts(put(tmp_path / "a.mp3", SOUND, two, last)) == [stamped]
    assert texts(put(tmp_path / "a.mp3", SOUND, b"LYRICSBEGIN" + WORDS.encode() + b"LYRICSEND", last)) == [WORDS]
    tags = (made.ape({"Title": "Of APE"}), two)
    for order in (tags, tags[::-1]):
        found = read_tags(put(tmp_path / "a.mp3", SOUND, *order, last))
        assert [one.text for one in found.lyrics] == [stamped]
        assert found.title in ("Of APE", "A longer title")


# Vorbis comments


@pytest.mark.parametrize("head", [made.flac, made.ogg, lambda *pairs: made.ogg(*pairs, kind="opus")])
def test_each_line_a_value(tmp_path, head):
    """Quod Libet writes so; tinytag drops the line that is sung again."""
    lines = ["Copper lanterns", "You were singing", "Copper lanterns"]
    song = put(tmp_path / "a.bin", head("TITLE=T", *(f"LYRICS={line}" for line in lines)))
    assert texts(song) == ["\n".join(lines)]


def test_values_that_are_texts_stay_apart(tmp_path):
    song = put(
        tmp_path / "a.flac", made.flac(f"LYRICS={WORDS}", "LYRICS=Kupferne Laternen\nam Kai", "UNSYNCEDLYRICS=x")
    )
    assert texts(song) == [WORDS, "Kupferne Laternen\nam Kai", "x"]


def test_a_long_comment_over_several_pages(tmp_path):
    words = "la la " * 50_000
    assert texts(put(tmp_path / "a.ogg", made.ogg(f"LYRICS={words}"))) == [words]


# Other containers


@pytest.mark.parametrize(
    ("suffix", "codec"), [("mka", "aac"), ("webm", "libopus"), ("tta", "tta"), ("asf", "libmp3lame")]
)
def test_what_only_ffmpeg_reads(tmp_path, suffix, codec):
    tags = {"title": "Title", "artist": "Artist", "LYRICS": WORDS}
    found = read_tags(encode_as(tune(1), tmp_path / f"a.{suffix}", None, codec, tags=tags))
    assert (found.title, found.artist) == ("Title", "Artist")
    assert [one.text for one in found.lyrics] == [WORDS]


@pytest.mark.parametrize("unknown", ["und", "XXX", "mul"])
def test_a_language_that_is_unknown_is_none(tmp_path, unknown):
    assert read_tags(put(tmp_path / "a.ape", SOUND, made.ape({"Language": unknown}))).language is None


def test_a_name_that_lies(tmp_path):
    tags = {"title": "Title", "lyrics": WORDS}
    for suffix, codec in (("m4a", "aac"), ("flac", "flac")):
        song = encode_as(tune(1), tmp_path / f"a.{suffix}", None, codec, tags=tags).rename(tmp_path / "a.mp3")
        assert (read_tags(song).title, texts(song)) == ("Title", [WORDS])


# Encodings


def test_a_tag_that_calls_another_encoding_latin(tmp_path):
    words = "夜里的河水流过旧桥\n没有人听见钟声\n灯火都睡着了"
    raw = words.encode("gbk").decode("latin-1")
    title = "夜里的河水".encode("gbk").decode("latin-1")
    tag = made.id3(
        made.frame("TIT2", made.text(f"\0{title}", 0)), made.frame("USLT", made.uslt(raw, "zho", encoding=0))
    )
    found = read_tags(put(tmp_path / "a.mp3", tag, SOUND))
    assert (found.title, [one.text for one in found.lyrics]) == ("夜里的河水", [words])
    assert read_tags(put(tmp_path / "a.mp3", SOUND, made.id3v1(title))).title == "夜里的河水"


def test_utf8_that_is_none(tmp_path):
    value = b"\x03eng\0" + "Müde Füße".encode("cp1252")
    assert texts(put(tmp_path / "a.mp3", made.id3(made.frame("USLT", value)), SOUND)) == ["Müde Füße"]


# Damage


def whole_files():
    frames = [
        made.frame("USLT", made.uslt(WORDS)),
        made.frame("SYLT", made.sylt([(1, "Cop"), (2, "per")], encoding=1)),
        made.frame("TXXX", made.txxx("LYRICS", WORDS)),
        made.frame("USLT", made.compressed(made.uslt(WORDS)), flags=9),
    ]
    tag = made.id3(*frames)
    return {
        "mp3": tag + SOUND + made.ape({"Lyrics": WORDS}) + made.lyrics3_v2(LYR=WORDS) + made.id3v1("T"),
        "flac": made.flac("LYRICS=a", "LYRICS=b"),
        "ogg": made.ogg("LYRICS=a", "LYRICS=b"),
        "wav": made.riff((b"fmt ", bytes(16)), (b"id3 ", tag)),
        "aiff": made.aiff((b"COMM", bytes(18)), (b"ID3 ", tag)),
    }


@pytest.mark.parametrize("suffix", ["mp3", "flac", "ogg", "wav", "aiff"])
def test_damaged_bytes_raise_nothing(tmp_path, suffix):
    random_state = random.Random(0)
    whole = whole_files()[suffix]
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(random_state.choice((1, 3, 20))):
            data[random_state.randrange(len(data))] = random_state.choice((0, 0xFF, random_state.randrange(256)))
        cut = random_state.randrange(len(data)) if random_state.random() < 0.3 else len(data)
        found = read_tags(put(tmp_path / f"a.{suffix}", bytes(data[:cut])))
        assert all(re.match(r"(its tags|lyrics in its tags) ", note) for note in found.notes)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"ID3\4\0\0\0\0\1\0USLT", b"fLaC", b"OggS", b"RIFF....WAVE", b"FORM....AIFF", b"DSD "]),
)
def test_any_bytes_raise_nothing(tmp_path_factory, data, head):
    path = tmp_path_factory.getbasetemp() / "any.mp3"
    for whole in (head + data, data + b"LYRICS200", data + b"APETAGEX" + data[:24].ljust(24, b"\1")):
        path.write_bytes(whole)
        read_tags(path)


@pytest.mark.parametrize(
    ("parts", "note"),
    [
        (
            (made.id3(made.frame("USLT", made.uslt(WORDS)), padding=0)[:60], SOUND[:3]),
            "its tags are damaged (the frame USLT",
        ),
        ((SOUND, made.ape({"Lyrics": WORDS})[60:]), "its tags are damaged (its APE tag has 0 of 1 items)"),
        ((SOUND, b"000010LYRICS200"), "its tags are damaged (its Lyrics3 tag has no beginning)"),
    ],
)
def test_what_is_cut_off_is_told(tmp_path, parts, note):
    assert any(one.startswith(note) for one in read_tags(put(tmp_path / "a.mp3", *parts)).notes)


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("odd"), PermissionError(13, "Permission denied"), RecursionError()]
)
def test_damaged_tags_are_a_note(song, monkeypatch, error):
    import tinytag

    def get(*args, **options):
        raise error

    monkeypatch.setattr(tinytag.TinyTag, "get", get)
    write(song.with_suffix(".txt"), "words")
    found = read(song)
    assert found.lyrics == "words"
    assert found.title == "Name"
    assert found.notes[0].startswith("its tags ")


def test_a_file_that_is_gone_still_has_words(tmp_path):
    write(tmp_path / "gone.txt", "words")
    assert read(tmp_path / "gone.mp3").lyrics == "words"
