"""Which words an exact search asks the index for."""

import pytest

from alcca.errors import UsageError
from alcca.store.exact_words import MAX_PHRASE, MAX_WORDS, phrases
from alcca.store.records import Song
from alcca.store.songs import Store


@pytest.mark.parametrize(
    "text",
    ["a " * 10_000, "a A á Á a\u0301 a. (a) a! 'a' " * 1000, "a-" * MAX_PHRASE * 1000, "*a* " + '" - \0 ' * 1000],
    ids=["the same", "nearly the same", "a chain", "signs"],
)
def test_a_word_again_asks_for_nothing_more(text):
    assert len(phrases(text)) == 1


def test_different_words_are_limited_and_a_whole_song_is_not_too_long():
    words = [f"w{number}" for number in range(MAX_WORDS + 1)]
    assert len(phrases(" ".join(words[:-1] * 3))) == MAX_WORDS
    with pytest.raises(UsageError, match="at most 500 different words; give fewer"):
        phrases(" ".join(words))
    with pytest.raises(UsageError, match="at most 500"):
        phrases("-".join(words))


@pytest.mark.parametrize(
    "text",
    [
        "a " * 10_000,
        "river " * 3000,
        "a-a " * 5000,
        '"' * 20_000,
        "a" * 20_000,
        "\0" * 20_000,
        "NEAR( AND OR NOT " * 1000,
    ],
    ids=lambda text: text[:6],
)
def test_no_text_that_can_be_typed_holds_a_search(tmp_path, text):
    store = Store(tmp_path)
    asked = []
    store._db.set_trace_callback(lambda statement: asked.append(len(statement)))
    with store.transaction():
        store.put_song(Song("h", "a", lyrics="a river a river " * 500))
    store.search_words(text)
    assert max(asked[-1:], default=0) < 21_000
    assert store.search_words("RIVER river") == [1]
    store.close()


def test_words_that_hang_together_stand_together(tmp_path):
    store = Store(tmp_path)
    with store.transaction():
        store.put_song(Song("h", "one", lyrics="don't rock-n-roll"))
        store.put_song(Song("i", "two", lyrics="roll the rock, n, t, don"))
    assert store.search_words("rock-n-roll") == [1]
    assert store.search_words("roll rock") != []
    assert store.search_words("don't") == [1]
    store.close()
