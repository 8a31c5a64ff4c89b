import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from alcca.cleaning.lyrics import clean_lyrics
from alcca.errors import DataError, SpeechModelError, UsageError
from alcca.matching.bits import bits
from alcca.matching.excerpts import excerpts
from alcca.songs.audio import SPEECH_RATE, read_slice
from alcca.speech.packaged import base_is_installed, packaged_base
from alcca.speech.recogniser import RATE, Recogniser, shared_recogniser
from alcca.transcripts import Transcript

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not base_is_installed(), reason="the weights of Whisper base are not installed (alcca[hear])"),
]


@pytest.fixture(scope="module")
def recogniser():
    return Recogniser(workers=2, threads=1)


@pytest.fixture(scope="module")
def sung(data_folder):
    """The first 12 s, where somebody sings, of an English and of a Spanish clip."""
    names = ("us_jonathan_coulton_code_monkey", "jam_fantasma___los_rombos")
    paths = [data_folder / "cc_songs" / "audio" / f"{name}.ogg" for name in names]
    return [read_slice(path, rate=SPEECH_RATE).decoded[: 12 * RATE] for path in paths]


@pytest.fixture(scope="module")
def alone(recogniser, sung):
    """What is heard in each of them, one after the other."""
    return [recogniser.hear(samples) for samples in sung]


def words(text):
    return set(re.findall(r"\w+", text.lower()))


@pytest.mark.data
def test_words_that_are_sung_are_heard(alone, data_folder):
    heard = alone[0]
    lyrics = (data_folder / "cc_songs" / "lyrics" / "us_jonathan_coulton_code_monkey.txt").read_text(encoding="utf-8")
    found = words(heard.text)
    assert len(found & words(lyrics)) > 0.5 * len(found) > 4
    assert (heard.language, heard.model, heard.start, heard.seconds) == ("en", "base", 0.0, 12.0)
    assert 0.5 < heard.language_probability <= 1
    for segment in heard.segments:
        assert 0 <= segment.start <= segment.end <= 12
        assert segment.log_probability < 0 <= segment.no_speech <= 1
        assert segment.text == segment.text.strip() != ""


@pytest.mark.data
def test_the_language_is_detected_or_given(recogniser, sung, alone):
    assert alone[1].language == "es"
    given = recogniser.hear(sung[1], language="Spanish")
    assert (given.language, given.language_probability) == ("es", 1.0)
    assert given.text == alone[1].text
    assert recogniser.hear(sung[1], language="en").language == "en"


@pytest.mark.data
def test_a_language_that_the_model_has_not_learnt_is_detected(recogniser, sung, alone):
    assert recogniser.hear(sung[1], language="yue") == alone[1]


@pytest.mark.data
def test_times_count_from_the_beginning_of_the_recording(recogniser, sung, alone):
    here, later = alone[0], recogniser.hear(sung[0], start=100.5)
    assert later.start == 100.5
    assert [s.text for s in later.segments] == [s.text for s in here.segments]
    for one, other in zip(here.segments, later.segments, strict=True):
        assert (other.start, other.end) == pytest.approx((one.start + 100.5, one.end + 100.5), abs=0.011)


@pytest.mark.data
def test_two_threads_hear_what_one_hears(recogniser, sung, alone):
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(recogniser.hear, sung * 2))
    assert together == alone * 2


@pytest.mark.data
@pytest.mark.parametrize("seconds", [1, 6, 12])
def test_what_is_short_is_followed_by_silence(recogniser, sung, seconds):
    """As the model has learnt it; the frame in which the sound ends may differ."""
    short = sung[0][-seconds * RATE :]
    whole = np.pad(short, (0, 30 * RATE - len(short)))
    frames = np.r_[0 : seconds * 100, seconds * 100 + 2 : 3_000]
    expected = recogniser._decoder._mel(whole)[:, frames]
    np.testing.assert_allclose(recogniser._decoder._mel(short)[:, frames], expected, atol=1e-5)
    # Of words heard again, not to the half minute.
    taken = max(1_000, (seconds + 2) * 100)
    again = recogniser._decoder._mel(short, goes_on=True)
    assert again.shape[1] == taken
    np.testing.assert_allclose(again[:, frames[frames < taken]], expected[:, : (frames < taken).sum()], atol=1e-5)


SCRIPT = """
import json, sys
import numpy as np
from alcca.speech.recogniser import Recogniser
print(json.dumps(Recogniser(threads=2).hear(np.load(sys.argv[1])).to_dict()))
"""


@pytest.mark.data
def test_another_process_hears_the_same(sung, alone, tmp_path):
    np.save(tmp_path / "samples.npy", sung[1])
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "samples.npy")]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    heard = Transcript.from_dict(json.loads(answer))
    assert heard.text == alone[1].text
    assert heard.language == "es"


@pytest.mark.data
def test_a_long_recording_is_heard_window_by_window(recogniser, sung):
    """Silence between: what is sung in the second half minute is heard there, in order and not twice."""
    silence = np.zeros(20 * RATE, np.float32)
    long = np.concatenate([sung[0], silence, sung[0], silence[: RATE // 4]])
    windows = list(recogniser.windows(long))
    assert len(windows) >= 2
    heard = recogniser.hear(long)
    assert [s for window in windows for s in window.segments] == list(heard.segments)
    starts = [segment.start for segment in heard.segments]
    assert starts == sorted(starts)
    assert heard.segments[-1].end <= heard.seconds
    assert any(segment.end >= 40 for segment in heard.segments)
    assert any(segment.end <= 13 for segment in heard.segments)
    first = words(" ".join(s.text for s in heard.segments if s.end <= 16))
    second = words(" ".join(s.text for s in heard.segments if s.start >= 28))
    assert len(first & second) > 0.5 * len(first)


@pytest.fixture(scope="module")
def covered(data_folder):
    """Half a minute of a song, under noise that is louder."""
    path = data_folder / "cc_songs" / "audio" / "us_jonathan_coulton_code_monkey.ogg"
    samples = read_slice(path, rate=SPEECH_RATE).decoded
    noise = np.random.default_rng(0).standard_normal(len(samples))
    return (samples + 1.5 * samples.std() * noise).astype(np.float32)


@pytest.fixture(scope="module")
def texts(data_folder):
    """Excerpts of its lyrics, and of those of nine other songs in its language."""
    folder = data_folder / "cc_songs" / "lyrics"
    found = {
        path.stem: excerpts(clean_lyrics(path.read_text(encoding="utf-8")))[:2] for path in sorted(folder.glob("us_*"))
    }
    return [found.pop("us_jonathan_coulton_code_monkey"), *list(found.values())[:9]]


@pytest.mark.data
def test_lyrics_that_cannot_be_read_are_found_when_they_are_listened_for(recogniser, covered, texts):
    assert bits([recogniser.hear(covered)], [" ".join(texts[0])])[0, 0] < 10
    own, *others = recogniser.listen(covered, texts)
    assert len(others) == 9
    assert own.bits > 100 > 2 * max(one.bits for one in others)
    assert "Code Monkey have boring meeting" in own.words


@pytest.mark.data
def test_as_many_tokens_as_fit_the_model_are_forced(recogniser, covered):
    decoder = recogniser._decoder
    tokens = decoder.tokens("river " * 500, "en")
    found = decoder.force(decoder.encode(covered), "en", tokens)
    assert len(tokens) == len(found) == 443
    assert (np.isfinite(found) & (found <= 0)).all()


@pytest.mark.data
def test_a_part_of_silence_gives_the_bits_of_all_of_it(recogniser, texts):
    decoder = recogniser._decoder
    whole = decoder.encode(np.zeros(30 * RATE, np.float32))
    for text, *_ in texts[:3]:
        tokens = decoder.tokens(text, "en")
        part = decoder.force(decoder.silence(), "en", tokens)
        assert part.sum() == pytest.approx(decoder.force(whole, "en", tokens).sum(), rel=0.02)


@pytest.mark.parametrize("seconds", [0.001, 1, 31])
def test_nobody_sings(recogniser, seconds):
    heard = recogniser.hear(np.zeros(max(1, round(seconds * RATE)), np.float32), start=3.0)
    assert (heard.segments, heard.language, heard.language_probability) == ((), None, 0.0)
    assert (heard.model, heard.start, heard.seconds) == ("base", 3.0, pytest.approx(seconds))


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.empty(0, np.float32), r"shape \(0,\)"),
        (np.zeros((2, 16_000), np.float32), r"shape \(2, 16000\)"),
        (np.array([0.0, np.nan], np.float32), "from 0.0 s hold NaN"),
        (np.array([np.inf] * 9, np.float32), "NaN or infinite values"),
    ],
)
def test_what_is_no_sound_is_refused(recogniser, samples, message):
    with pytest.raises(DataError, match=message):
        recogniser.hear(samples)


def test_an_unknown_language_is_refused(recogniser):
    with pytest.raises(UsageError, match=r"language 'klingon' is unknown; expected a code such as en"):
        recogniser.hear(np.zeros(RATE, np.float32), language="klingon")


def cut(folder):
    os.truncate(folder / "model.bin", 100_000_000)


def garble(folder):
    (folder / "model.bin").unlink()
    (folder / "model.bin").write_bytes(np.random.default_rng(0).bytes(11_000_000))


def spoil_tokens(folder):
    (folder / "tokenizer.json").write_text("{")


def spoil_config(folder):
    (folder / "config.json").write_text("{")


@pytest.mark.parametrize("harm", [cut, garble, spoil_tokens, spoil_config])
def test_a_damaged_model_is_named(tmp_path, harm):
    folder = tmp_path / "mine"
    shutil.copytree(packaged_base(), folder)
    harm(folder)
    with pytest.raises(SpeechModelError, match=rf"{folder}: the speech model .* loaded \(.*\); download it again"):
        Recogniser(folder)


def test_one_model_a_process(monkeypatch, tmp_path):
    monkeypatch.delenv("ALCCA_SPEECH_MODEL", raising=False)
    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(shared_recogniser, ["base", "base"])
    assert one is other is shared_recogniser()
    (tmp_path / "mine").symlink_to(packaged_base())
    monkeypatch.setenv("ALCCA_SPEECH_MODEL", str(tmp_path / "mine"))
    assert shared_recogniser().name == "mine"
    assert shared_recogniser() is not one
