import pytest

from alcca.cleaning.lyrics import clean_lyrics


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("<article><figure>one</figure><figcaption>two</figcaption></article>", "one\n\ntwo"),
        ("<bdi>one</bdi> <kbd>two</kbd> <nobr>three</nobr> <wbr>four", "one two three four"),
        ("<span\nclass='x'>one</span> <time datetime='1'>two</time>", "one two"),
        ("<title>Harbour</title>one<svg><path d='x'/></svg>", "one"),
        # Words, unless the text ends them as well.
        ("<time> is on my side", "<time> is on my side"),
        ("<time>is</time> on my side", "is on my side"),
        ("[b]one[/b] [url=http://x.org]two[/url] [i]three", "one two [i]three"),
        ("one&#10;two&nbsp;three&#8232;four", "one\ntwo three\nfour"),
        ("【副歌】one（x2）", "one"),
        ("<!-- a\nb -->one", "one"),
    ],
)
def test_markup(text, clean):
    assert clean_lyrics(text) == clean
