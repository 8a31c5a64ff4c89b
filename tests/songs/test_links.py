import io

import numpy as np
import pytest
import soundfile
from tests.songs.encoding import encode_as

from alcca.errors import AudioError
from alcca.songs.audio import read_slice
from alcca.songs.links import joined_recordings
from alcca.songs.whole import read_whole

RATE = 16_000
CODECS = {"mp3": ("mp3", "libmp3lame"), "opus": ("ogg", "libopus"), "oga": ("ogg", "flac"), "aac": ("adts", "aac")}
SUBTYPES = {"ogg": ("VORBIS", None, "OGG"), "flac": ("PCM_16", None, "FLAC")}


def tone(hertz, seconds, rate=44_100):
    return (0.4 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def recording(folder, suffix, hertz, seconds, rate, channels, **options):
    """The bytes of a tone in a format."""
    samples = np.stack([tone(hertz, seconds, rate)] * channels)
    if suffix in SUBTYPES:
        file = io.BytesIO()
        soundfile.write(file, samples.T, rate, *SUBTYPES[suffix])
        return file.getvalue()
    path = folder / f"part.{suffix}"
    encode_as(samples, path, *CODECS[suffix], rate=rate, **options)
    return path.read_bytes()


def hertz_at(samples, second):
    spectrum = np.abs(np.fft.rfft(samples[round((second - 0.25) * RATE) : round((second + 0.25) * RATE)]))
    return 2 * np.argmax(spectrum)


def check(path, tones, seconds):
    """Each tone sounds for so many seconds, one after the other, in the whole and in every slice."""
    samples = np.concatenate(list(read_whole(path, RATE)))
    total = len(tones) * seconds
    assert len(samples) / RATE == pytest.approx(total, abs=0.3)
    for number, tone_ in enumerate(tones):
        for second in (number * seconds + 0.7, (number + 1) * seconds - 0.7):
            assert hertz_at(samples, second) == pytest.approx(tone_, abs=4)
            part = read_slice(path, offset=second - 0.3, seconds=1.0, rate=RATE)
            assert hertz_at(part.samples, 0.5) == pytest.approx(tone_, abs=4)
    middle = read_slice(path)
    # The duration of AAC is an estimate.
    off = 0.9 if path.suffix == ".aac" else 0.3
    assert middle.duration == pytest.approx(total, abs=off)
    assert middle.start == pytest.approx((total - 30) / 2, abs=off)
    return middle


@pytest.mark.parametrize("second", [(44_100, 2), (48_000, 1), (24_000, 2)], ids=str)
@pytest.mark.parametrize("suffix", ["ogg", "oga", "mp3", "aac", "flac"])
def test_recordings_that_were_joined_are_read_one_after_the_other(tmp_path, suffix, second):
    path = tmp_path / f"joined.{suffix}"
    path.write_bytes(
        recording(tmp_path, suffix, 440, 16, 44_100, 2)
        + recording(tmp_path, suffix, 1_000, 16, *second)
        + recording(tmp_path, suffix, 600, 16, 44_100, 2)
    )
    notes = check(path, (440, 1_000, 600), 16).notes
    assert notes == () or suffix == "aac"


def test_links_of_opus(tmp_path):
    path = tmp_path / "joined.opus"
    parts = [recording(tmp_path, "opus", hertz, 16, 48_000, number + 1) for number, hertz in enumerate((440, 1_000))]
    path.write_bytes(b"".join(parts))
    assert check(path, (440, 1_000), 16).notes == ()
    assert [len(span) for span in joined_recordings(path)] == [len(part) for part in parts]


def test_flac_whose_first_block_of_metadata_is_its_last(tmp_path):
    parts = []
    for hertz in (440, 1_000):
        flac = recording(tmp_path, "flac", hertz, 20, 44_100, 1)
        sound = 4
        while not flac[sound] & 0x80:
            sound += 4 + int.from_bytes(flac[sound + 1 : sound + 4], "big")
        sound += 4 + int.from_bytes(flac[sound + 1 : sound + 4], "big")
        parts.append(b"fLaC\x80" + flac[5:42] + flac[sound:])
    path = tmp_path / "joined.flac"
    path.write_bytes(parts[0] + parts[1])
    check(path, (440, 1_000), 20)


def test_links_of_different_codecs(tmp_path):
    path = tmp_path / "radio.ogg"
    path.write_bytes(recording(tmp_path, "ogg", 440, 16, 44_100, 2) + recording(tmp_path, "opus", 1_000, 16, 48_000, 1))
    check(path, (440, 1_000), 16)


@pytest.mark.parametrize("index", ["1", "0"])
def test_mp3_with_and_without_an_index(tmp_path, index):
    options = {"write_xing": index, "id3v2_version": "3" if index == "1" else "0"}
    first = recording(tmp_path, "mp3", 440, 16, 44_100, 2, options=options)
    second = recording(tmp_path, "mp3", 1_000, 16, 32_000, 1, options=options)
    tail = b"TAG" + bytes(125)
    (tmp_path / "joined.mp3").write_bytes(first + tail + second + tail)
    check(tmp_path / "joined.mp3", (440, 1_000), 16)


def test_a_link_that_cannot_be_decoded_is_told(tmp_path):
    path = tmp_path / "joined.ogg"
    parts = [recording(tmp_path, "ogg", hertz, 16, 44_100, 2) for hertz in (440, 1_000, 600)]
    damaged = parts[1][:60] + bytes(len(parts[1]) - 60)
    path.write_bytes(parts[0] + damaged + parts[2])
    samples = np.concatenate(list(read_whole(path, RATE)))
    assert len(samples) / RATE == pytest.approx(32, abs=0.3)
    assert "1 damaged pieces were skipped" in read_slice(path).notes


@pytest.mark.parametrize("suffix", ["ogg", "opus", "oga", "mp3", "flac"])
def test_one_recording_is_no_chain(tmp_path, suffix):
    path = tmp_path / f"song.{suffix}"
    path.write_bytes(recording(tmp_path, suffix, 440, 3, 48_000, 2))
    assert joined_recordings(path) == []


def test_what_cannot_be_read_is_no_chain(tmp_path):
    assert joined_recordings(tmp_path / "none.mp3") == []
    assert joined_recordings(tmp_path) == []


# Sound after other data

ICY = b"ICY 200 OK\r\nicy-name: Radio\r\nicy-br: 128\r\n\r\n"
PAGE = b"<!doctype html><html>" + 300 * b"<p>Please wait</p>\n" + b"</html>"
APE = b"APETAGEX" + b"".join(n.to_bytes(4, "little") for n in (2_000, 51, 1, 0xA0000000)) + bytes(8) + bytes(19)


def id3(claimed, content):
    """An ID3v2 tag that claims a size."""
    return b"ID3\3\0\0" + bytes(claimed >> shift & 127 for shift in (21, 14, 7, 0)) + content


JUNK = {
    "icy": ICY,
    "page": PAGE,
    "zeros": bytes(600),
    "many zeros": bytes(1_500_000),
    "bytes": np.random.default_rng(0).bytes(50),
    "tags": 3 * id3(300, bytes(300)),
    "a tag that claims too little": id3(500, bytes(40_000)),
    "a tag that claims sound": id3(90_000, bytes(200)),
    "a tag that claims more than the file": id3(200_000_000, bytes(200)),
    "ape": APE,
}


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("suffix", ["mp3", "ogg", "oga", "aac", "flac"])
def test_sound_after_other_data_is_read(tmp_path, suffix, junk):
    path = tmp_path / f"song.{suffix}"
    if suffix == "flac":
        soundfile.write(path, tone(440, 16), 44_100)
        data = path.read_bytes()
    else:
        data = recording(tmp_path, suffix, 440, 16, 44_100, 2)
    path.write_bytes(JUNK[junk] + data)
    assert read_slice(path).duration == pytest.approx(16, abs=0.6)
    samples = np.concatenate(list(read_whole(path, RATE)))
    assert len(samples) / RATE == pytest.approx(16, abs=0.6)
    assert hertz_at(samples, 8) == pytest.approx(440, abs=4)


@pytest.mark.parametrize("text", [ICY * 5_000, PAGE, "Grüße\n".encode("latin-1") * 999, b"\x1b[1mcolours\x1b[0m\n"])
def test_a_text_is_refused_at_once(tmp_path, text, monkeypatch):
    def opens(path):
        raise AssertionError("a decoder was asked")

    monkeypatch.setattr("alcca.songs.audio.decoders_for", opens)
    (tmp_path / "song.mp3").write_bytes(text)
    with pytest.raises(AudioError, match=r"song\.mp3: is a (text file|web page)"):
        read_slice(tmp_path / "song.mp3")


def test_a_disk_full_of_zeros_is_refused_at_once(tmp_path):
    with (tmp_path / "song.mp3").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(AudioError, match="begins with zeros only"):
        read_slice(tmp_path / "song.mp3")
