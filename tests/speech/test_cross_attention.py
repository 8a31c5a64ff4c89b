"""Where the decoder looks: compared with CTranslate2's own path, and what happens with other weights."""

import json
import struct

import numpy as np
import pytest
from tests.speech.spoken import spoken

from alcca.errors import SpeechModelError
from alcca.speech.cross_attention import CrossAttention, _read
from alcca.speech.packaged import base_is_installed
from alcca.speech.recogniser import shared_recogniser

LINES = ((2.0, "Copper lanterns swing along the quay"), (8.0, "Every summer afternoon belonged to us alone"))


def written(path, variables):
    """A file of CTranslate2 with these variables."""

    def name(text):
        return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"

    kinds = {"<f4": 0, "|i1": 1, "<i2": 2, "<f2": 4, "<u2": 5}
    data = struct.pack("<I", 6) + name("WhisperSpec") + struct.pack("<II", 3, len(variables))
    for key, values in variables.items():
        data += name(key) + struct.pack("<B", values.ndim) + struct.pack(f"<{values.ndim}I", *values.shape)
        data += struct.pack("<BI", kinds[values.dtype.str], values.nbytes) + values.tobytes()
    path.write_bytes(data)
    return path


def test_weights_of_all_number_types_are_read(tmp_path):
    right = np.array([[0.5, -1.0], [2.0, 0.25]], dtype=np.float32)
    scales = np.array([127.0, 63.5], dtype=np.float32)
    read = _read(
        written(
            tmp_path / "model.bin",
            {
                "encoder/none": right,
                "decoder/single/weight": right,
                "decoder/half/weight": right.astype(np.float16),
                "decoder/upper/weight": (right.view(np.uint32) >> 16).astype(np.uint16),
                "decoder/small/weight": np.round(right * scales[:, None]).astype(np.int8),
                "decoder/small/weight_scale": scales,
            },
        )
    )
    assert set(read) == {f"{name}/weight" for name in ("single", "half", "upper", "small")}
    for name, values in read.items():
        np.testing.assert_allclose(values.numpy(), right, atol=0.01 if "small" in name else 0)


def test_damaged_weights_are_named(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"\6\0\0\0 nothing")
    (tmp_path / "config.json").write_text(json.dumps({}))
    with pytest.raises(SpeechModelError, match="download it again"):
        CrossAttention(tmp_path).attend(np.zeros((5, 4), np.float32), [1], [2])


@pytest.mark.skipif(not base_is_installed(), reason="needs the packaged speech model")
def test_the_decoder_looks_at_each_word_when_it_begins():
    sound, truth = spoken(LINES, 14.0)
    recogniser = shared_recogniser("base")
    encoded = recogniser.encode(sound)
    words = [word for _, line in LINES for word in line.split()]
    found = recogniser.attend(encoded, words, language="en")
    np.testing.assert_allclose(found.attention.sum(axis=1), 1, atol=1e-4)
    firsts = np.searchsorted(found.words, np.arange(len(words)))
    peaks = found.attention[firsts, : round(50 * encoded.seconds)].argmax(axis=1) / 50
    apart = np.abs(peaks - truth)
    assert np.median(apart) < 0.1
    assert (apart < 0.3).mean() > 0.8


@pytest.mark.skipif(not base_is_installed(), reason="needs the packaged speech model")
def test_it_follows_the_path_of_ctranslate2():
    sound, _ = spoken(LINES, 14.0)
    recogniser = shared_recogniser("base")
    encoded = recogniser.encode(sound)
    decoder = recogniser._decoder
    words = [word for _, line in LINES for word in line.split()]
    found = recogniser.attend(encoded, words, language="en")
    speech = decoder._speech("en")
    tokens = [token for word in words for token in speech.tokenizer.encode(f" {word}")]
    path = decoder._whisper.model.align(encoded.features, speech.prompt, [tokens], 1400)[0].alignments
    token, step = np.array(path).T
    near = [
        found.attention[number, max(0, steps.min() - 5) : steps.max() + 6].sum()
        for number in range(len(tokens))
        if len(steps := step[token == number])
    ]
    elsewhere = [found.attention[number, :50].sum() for number in range(len(tokens))]
    assert np.mean(near) > 3 * np.mean(elsewhere)
