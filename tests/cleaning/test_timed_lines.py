"""Lines with their times, cleaned."""

from alcca.cleaning.lyrics import clean_lyrics
from alcca.cleaning.timed_lines import timed_lines


def test_a_line_that_is_not_sung_takes_its_time_with_it():
    text = "[00:00.00]作词 : A Poet\n[00:01.00]One\n[00:02.00][Chorus]\n[00:03.00]two<br>three"
    assert [one for one in timed_lines(text) if one[1]] == [(1.0, "One"), (3.0, "two"), (None, "three")]


def test_texts_without_times():
    assert timed_lines("One\n\n[Chorus]\ntwo") == [(None, "One"), (None, ""), (None, "two")]


def test_other_formats():
    assert timed_lines("1\n00:00:01,000 --> 00:00:02,000\n♪ One ♪\n") == [(1.0, "One")]


def test_its_words_are_the_clean_lyrics():
    text = "[ti:x]\n[00:03.00][00:01.00]Cop<00:03.20>per\n[00:02.00][oh yeah]"
    assert "\n".join(line for _, line in timed_lines(text)) == clean_lyrics(text) == "Copper\n[oh yeah]\nCopper"
