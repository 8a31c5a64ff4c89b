"""Bytes to text: the author's letters, or an error that says what to do; never mojibake."""

import contextlib
import unicodedata

import pytest
from benchmarks.encoding_texts import TEXTS
from benchmarks.encodings import encoded, samples
from hypothesis import given, settings
from hypothesis import strategies as st

from alcca.errors import LyricsError, UsageError
from alcca.texts.encodings import checked_encoding, decode_text, is_garbled, read_lyrics_file, repair
from alcca.texts.plausible import is_plausible

LEGACY = [
    pytest.param(language, encoding, id=f"{language}-{encoding}")
    for language, (encodings, _) in TEXTS.items()
    for encoding in encodings
    # Mac's letters are found among those of Windows: half of the time, in four lines.
    if encoding != "mac-roman"
]
UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


def stamped(text):
    return "\n".join(f"[00:{10 + number}.00]{line}" for number, line in enumerate(text.split("\n")))


@pytest.mark.parametrize(("language", "encoding"), LEGACY)
@pytest.mark.parametrize("form", [str, stamped], ids=["plain", "lrc"])
def test_eight_lines_in_each_encoding_of_their_language(language, encoding, form):
    text = form(TEXTS[language][1])
    assert unicodedata.normalize("NFC", decode_text(encoded(text, encoding))) == text


@pytest.mark.parametrize(("language", "encoding"), LEGACY)
def test_four_lines(language, encoding):
    for text in samples(TEXTS[language][1], 4):
        assert unicodedata.normalize("NFC", decode_text(encoded(text, encoding))) == text


@pytest.mark.parametrize("encoding", UNICODE)
@pytest.mark.parametrize("language", TEXTS)
def test_unicode_with_and_without_marks_in_either_order(language, encoding):
    text = TEXTS[language][1]
    for form in (text, stamped(text), text.split("\n")[0], text.replace("\n", "\r\n")):
        assert decode_text(form.encode(encoding)) == form


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_wide_text_of_which_the_last_byte_is_missing(encoding):
    assert decode_text(TEXTS["ru"][1].encode(encoding)[:-1]) == TEXTS["ru"][1][:-1]


@pytest.mark.parametrize("language", TEXTS)
def test_a_bad_byte_spoils_one_character_of_utf8(language):
    text = TEXTS[language][1]
    head, tail = text[:20], text[20:]
    assert decode_text(head.encode() + b"\xfc" + tail.encode()) == f"{head}\ufffd{tail}"
    cut = text.rstrip("abcdefghijklmnopqrstuvwxyz?!.")
    if not cut[-1].isascii():
        assert decode_text(cut.encode()[:-1]) == cut[:-1] + "\ufffd"


@pytest.mark.parametrize(
    ("language", "encoding"),
    [("ru", "cp1251"), ("zh-hans", "gbk"), ("zh-hant", "big5"), ("ko", "cp949"), ("el", "cp1253"), ("he", "cp1255")],
)
@pytest.mark.parametrize("bad", [b"\xff", b"\0"])
def test_a_bad_byte_in_an_older_encoding_costs_a_line_at_most(language, encoding, bad):
    lines = TEXTS[language][1].split("\n")
    data = "\n".join(lines[:4]).encode(encoding) + b"\n" + bad + "\n".join(lines[4:]).encode(encoding)
    read = decode_text(data).split("\n")
    assert read[:4] == lines[:4]
    assert read[5:] == lines[5:]


def test_lines_of_two_encodings():
    text = "Über den Dächern\nDie Straße führt zum Fluß"
    older, newer = text.encode("cp1252"), text.encode()
    assert decode_text(newer + b"\n" + older + b"\n" + newer) == "\n".join([text] * 3)


def test_text_that_was_decoded_twice_in_part():
    twice = "Don’t go, schöne Grüße".encode().decode("cp1252")
    for around in ("", "“Café” 夜\n", "byte lost: â€ \n"):
        assert repair(around + twice) == f"{around}Don’t go, schöne Grüße"
    assert repair("Ã la carte, â la mode") == "Ã la carte, â la mode"


def test_emoji_in_two_halves():
    assert decode_text(b"Copper \xed\xa0\xbc\xed\xbe\xb5 lanterns") == "Copper 🎵 lanterns"


def test_quotation_marks_stand_between_words():
    """DOS: ä and ť would be „ and »."""
    for encoding in ("cp437", "cp850"):
        text = "Über den Dächern wird es Nacht\nund die Straße schläft"
        assert decode_text(text.encode(encoding)) == text


@pytest.mark.parametrize(
    "word", ["naïve", "café", "Müde", "Ångström", "ça va", "¿Qué?", "© 2020 Hello, and then some more"]
)
def test_a_word_in_windows_1252(word):
    assert decode_text(word.encode("cp1252")) == word


def test_apostrophes_of_windows_alone():
    text = "I don’t know why she’s gone away\nAnd I can’t see the light"
    assert decode_text(text.encode("cp1252")) == text


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(128, 256)) * 3,
        b"a\x81b\xe9",
        # TCVN3, a Vietnamese encoding that Python does not know.
        "§ßßng ®ªm tr«i d­íi c©y cÇu cò\nAnh viÕt tªn em lªn nh÷ng ®¸m m©y".encode("latin-1"),
    ],
)
def test_what_stays_unclear_is_no_text(data):
    with pytest.raises(LyricsError, match="its encoding is not known; save it as UTF-8, or name it with --encoding"):
        decode_text(data)


def test_the_language_decides_where_bytes_do_not():
    line = "Rašau tavo vardą ant debesų"
    assert decode_text(line.encode("cp1257"), language="Lithuanian") == line
    assert decode_text(line.encode("cp1257")) != line


def test_an_encoding_that_is_given():
    text = "Rašau tavo vardą ant debesų"
    assert decode_text(text.encode("cp1257"), encoding="cp1257") == text
    # Other files of the folder are in Unicode already.
    for codec in ("utf-8", "utf-8-sig", "utf-16"):
        assert decode_text(text.encode(codec), encoding="cp1257") == text
    assert decode_text(b"Hello\xc3\xbc\xc3\xa4 \xfc", encoding="cp1257") == "Helloüä \ufffd"
    assert decode_text(b"Hello", encoding="utf-16") == "Hello"
    for wrong in ("big5hkscs", "cp1252", "cp866"):
        with pytest.raises(LyricsError, match=f"its encoding is not {wrong}; give another --encoding"):
            decode_text(TEXTS["ru"][1].encode("cp1251"), encoding=wrong)


def test_names_of_encodings_are_checked():
    names = ["GBK", "gb2312", "Windows-1251", "sjis", "euc-kr", "big5", "latin1", "AUTO", None, " koi8-r "]
    codecs = ["gb18030", "gb18030", "cp1251", "cp932", "cp949", "big5hkscs", "cp1252", "auto", None, "koi8-r"]
    assert [checked_encoding(name) for name in names] == codecs
    for name in ("klingon", "", "rot13", "base64", "hex", "idna", "unicode_escape", "a\0b", "punycode"):
        with pytest.raises(UsageError, match="is unknown; expected a name such as gbk"):
            checked_encoding(name)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"krc18" + bytes(range(256)), "an encrypted KRC file"),
        (b"\x98\x25\xb0\xac\xe3\x02\x83\x68\xe8\xfc\x6c" + bytes(100), "an encrypted QRC file"),
        (b"0A1B2C3D" * 40, "an encrypted QRC file"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"{\\rtf1\\ansi Hello}", "an RTF document"),
        (b"PK\x03\x04" + bytes(20), "a ZIP archive or Office document"),
        (
            b'<?xml version="1.0"?>\n<song xmlns="http://openlyrics.info/namespace/2009/song">',
            "an OpenLyrics or OpenSong",
        ),
        (b"<song><title>Harbour</title><lyrics>[V]\n Copper</lyrics></song>", "an OpenLyrics or OpenSong document"),
        (b'{"plainLyrics": "Copper", "syncedLyrics": null}\n', "JSON, as a program or a site has sent it"),
        (b"\0\1\2" * 100, "not a text file|its encoding is not known"),
        (bytes(1000), "not a text file"),
    ],
)
def test_what_is_no_text_is_named(tmp_path, data, kind):
    path = tmp_path / "song.lrc"
    path.write_bytes(data)
    with pytest.raises(LyricsError, match=rf"song\.lrc: .*({kind})"):
        read_lyrics_file(path)


def test_read_lyrics_file(tmp_path):
    path = tmp_path / "sóng.txt"
    path.write_bytes("crème".encode("cp1252"))
    assert read_lyrics_file(path) == "crème"
    with pytest.raises(LyricsError, match=r"none\.txt: no such file in "):
        read_lyrics_file(tmp_path / "none.txt")
    with pytest.raises(LyricsError, match="no such file"):
        read_lyrics_file(tmp_path)
    path.write_bytes(b"x" * 1_000_001)
    with pytest.raises(LyricsError, match=r"sóng\.txt: larger than 1,000,000 bytes, not lyrics"):
        read_lyrics_file(path)
    path.write_bytes(bytes(range(128, 256)))
    with pytest.raises(LyricsError, match=r"sóng\.txt: its encoding is not known"):
        read_lyrics_file(path)
    path.write_bytes(b"")
    assert read_lyrics_file(path) == ""


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        *(
            ("ru", "cp1251"),
            ("ru", "koi8-r"),
            ("uk", "cp1251"),
            ("zh-hans", "gbk"),
            ("zh-hant", "big5"),
            ("ja", "cp932"),
        ),
        *(("ko", "cp949"), ("el", "cp1253"), ("he", "cp1255"), ("ar", "cp1256"), ("th", "tis-620"), ("pl", "cp1250")),
        *(("tr", "cp1254"), ("cs", "cp1250"), ("de", "utf-8"), ("ru", "utf-8"), ("zh-hans", "utf-8")),
    ],
)
def test_a_tag_that_claims_latin_1(language, encoding):
    text = TEXTS[language][1]
    assert repair(text.encode(encoding).decode("latin-1")) == text
    title, rest = text[:10], text[10:]
    assert repair(title.encode(encoding).decode("latin-1"), context=rest.encode(encoding).decode("latin-1")) == title
    assert decode_text(text.encode(encoding).decode("latin-1").encode("utf-8")) == text


@pytest.mark.parametrize(
    "language", ["de", "fr", "es", "pt", "sv", "da", "fi", "is", "it", "ru", "zh-hans", "ja", "vi"]
)
def test_tags_that_are_right_stay(language):
    text = TEXTS[language][1]
    for form in (text, *text.split("\n"), *text.split()):
        assert repair(form) == form
        assert not is_garbled(form)


@pytest.mark.parametrize(
    "title",
    [
        "Été",
        "Å",
        "ÅÄÖ",
        "Noël",
        "Ænima",
        "Sigur Rós",
        "Ágætis byrjun",
        "Ñandú",
        "Zoë Ça",
        "MÖTLEY CRÜE",
        "Queensrÿche",
        "½ Mensch",
        "7½",
        "A•B",
        "©2020",
        "Mötley™\n    ",
        "Beyoncé × Jay",
        "¿Qué?",
        "«Être»",
        "ÊTRE",
        "Þú",
        "Über",
        "naïve",
        "à",
        "Björk",
        "Blue Öyster Cult",
        "Motörhead",
        "Señorita",
        "Déjà Vu",
        "L’été",
    ],
)
def test_titles_of_latin_1_stay(title):
    assert repair(title.strip()) == title.strip()


def test_a_tag_that_stays_unclear_is_garbled():
    assert is_garbled("§ßßng ®ªm tr«i d­íi c©y cÇu cò")
    assert not is_garbled("夜里")


@pytest.mark.parametrize("language", TEXTS)
def test_texts_are_plausible_and_mojibake_is_not(language):
    text = TEXTS[language][1]
    assert is_plausible(text)
    if not text.isascii():
        assert not is_plausible(text.encode("utf-8").decode("latin-1"))


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_unicode_comes_back(text, encoding):
    data = text.replace("\ufeff", "").encode(encoding, "ignore")
    assert decode_text(data) in (data.decode(encoding), repair(data.decode(encoding)))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_text_or_a_reason(data):
    with contextlib.suppress(LyricsError):
        decode_text(data).encode("utf-8")


@pytest.mark.data
def test_real_lyrics_in_windows_1252(data_folder):
    files = sorted((data_folder / "songbook" / "lyrics").glob("*.txt"))
    # The one that the detector takes for Czech.
    text = next(file for file in files if file.stem == "lc6169445").read_text(encoding="utf-8")
    assert repair(text) == text
    files = files[::5]
    wrong = tried = 0
    for file in files:
        text = file.read_text(encoding="utf-8").replace("\r\n", "\n")
        assert repair(text) == text
        try:
            data = text.encode("cp1252")
        except UnicodeEncodeError:
            continue
        tried += 1
        wrong += decode_text(data) != text
    assert tried > 100
    assert wrong == 0
