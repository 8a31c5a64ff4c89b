"""Real recordings, heard and found: the matching as a person meets it."""

import numpy as np
import pytest

from alcca import transcribe
from alcca.matching.bits import bits
from alcca.matching.passages import find_passages
from alcca.matching.posterior import certainty, posterior

pytestmark = [pytest.mark.data, pytest.mark.slow]

RECORDINGS = ("us_jonathan_coulton_code_monkey", "jam_yuanan___miedo___yuanan", "jam_de_bonne_humeur___le_nez_tordu")


@pytest.fixture(scope="module")
def lyrics(data_folder):
    """Lyrics of the recordings and of the whole songbook, by name."""
    paths = [*(data_folder / "cc_songs" / "lyrics").glob("*.txt"), *(data_folder / "songbook" / "lyrics").glob("*.txt")]
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(paths)}


@pytest.mark.parametrize("name", RECORDINGS)
def test_half_a_minute_is_found_among_all_lyrics_and_sure_only_there(name, lyrics, data_folder):
    heard = transcribe(data_folder / "cc_songs" / "audio" / f"{name}.ogg")
    worth = bits([heard], list(lyrics.values()))[0]
    order = np.argsort(-worth)
    likely = posterior(worth[order], len(lyrics))
    assert list(lyrics)[order[0]] == name
    assert [certainty(p) for p in likely[:3]] == ["sure", "a guess", "a guess"]
    for passage in find_passages(heard, lyrics[name]):
        assert passage.line in [line.strip() for line in lyrics[name].splitlines()]
        assert 0 <= passage.start < passage.end <= heard.start + heard.seconds
    # Without its lyrics nothing is sure.
    assert certainty(posterior(worth[order[1:]], len(lyrics) - 1)[0]) != "sure"
