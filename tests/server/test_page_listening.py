"""The search page while somebody listens: what is found at once, the words, the songs, and the words of a song."""

import os
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from tests.sandbox.test_clip_reader import until
from tests.server.visiting import Visit, photograph

pytestmark = pytest.mark.slow

# Up to this a shift of the layout counts as good (web.dev/cls).
SMALL_SHIFT = 0.1
WATCH_SHIFTS = """() => {
window.shift = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shift += one.value;
}).observe({ type: "layout-shift", buffered: true });
}"""

WATCH_SAID = """() => {
window.said = [];
new MutationObserver(() => {
  const text = document.getElementById("announcer").textContent;
  if (text) window.said.push(text);
}).observe(document.getElementById("announcer"), { childList: true, characterData: true, subtree: true });
}"""


@pytest.fixture
def visit(browser, listening_port, request, tmp_path):
    opened = []

    def make(**options):
        opened.append(Visit(browser, f"http://127.0.0.1:{listening_port}", **options))
        return opened[-1]

    yield make
    # Nothing went wrong on any of them.
    wrong = [said for one in opened for said in one.wrong]
    photograph(opened, request.node.name, tmp_path)
    assert wrong == []


@pytest.fixture
def lines(client, id_of):
    """Three lines of Song 09's lyrics."""
    return client.get(f"/api/v1/songs/{id_of['Song 09']}").json()["lyrics"].splitlines()[2:5]


@pytest.fixture
def clip(music_once):
    return music_once / "song 04.flac"


def cards(page):
    return page.locator("#results [data-testid=card]")


def test_a_clip_is_searched_by_its_sound_then_by_its_words(visit, ears, lines, clip):
    ears.hears(*lines)
    ears.may_answer.clear()
    page = visit().open()
    page.evaluate(WATCH_SHIFTS)
    page.set_input_files("#clip-file", clip)
    # Nobody has to press a button.
    expect(page.locator("#results-title")).to_have_text("Listening…")
    expect(page.locator("#results")).to_contain_text("Meanwhile, by the sound alone")
    expect(cards(page)).to_have_count(10)
    expect(page.locator("#heard")).to_contain_text("Transcribing the recording")
    expect(page.locator("#results")).to_have_attribute("aria-busy", "true")
    ears.may_answer.set()
    expect(page.locator("#heard")).to_contain_text("Transcript, in English")
    expect(page.locator("#heard .heard-line")).to_have_text(lines)
    expect(page.locator("#results-title")).to_have_text("This is “Song 09”")
    expect(page.locator("#announcer")).to_contain_text("Song 09, sure")
    first = cards(page).first
    expect(first.locator("[data-testid=certainty]")).to_have_text(re.compile("Sure"))
    # Each line stands there with its words marked, best first.
    shown = first.locator(".passage-line").all_inner_texts()
    assert set(shown) <= set(lines)
    assert sorted(first.locator(".passage-line mark").all_inner_texts()) == sorted(
        word for line in shown for word in line.split()
    )
    expect(page.locator("#results")).not_to_contain_text("Meanwhile")
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
    assert page.evaluate("window.shift") < SMALL_SHIFT


def test_the_clip_plays_from_where_a_line_is_sung(visit, ears, lines, clip):
    ears.hears(*lines)
    page = visit().open()
    page.set_input_files("#clip-file", clip)
    cards(page).first.get_by_role("button", name="at 0:02 of the recording, play from there").click()
    page.wait_for_function("() => document.getElementById('clip-audio').currentTime > 2")
    page.locator("#heard [data-testid=play-from]").first.click()
    page.wait_for_function("() => document.getElementById('clip-audio').currentTime < 2")


def test_each_part_says_why(visit, ears, lines, clip):
    ears.hears(*lines)
    page = visit().open()
    page.set_input_files("#clip-file", clip)
    expect(page.locator("#results-title")).to_have_text("This is “Song 09”")
    why = cards(page).first.locator("[data-testid=why]")
    why.locator("summary").click()
    expect(why).to_contain_text("more than 99 of 100")
    expect(why.locator("dt")).to_have_text(["The words", "The learned space"])
    expect(page.locator("#explain-score")).to_contain_text("at least 95 of 100 are right")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_that_is_not_sure_says_so_and_listens_again(visit, ears, lines, clip, width):
    ears.hears()
    ears.recognises(lines[1])
    ears.may_answer.clear()
    ears.may_listen.clear()
    page = visit(viewport={"width": width, "height": 900}).open()
    page.evaluate(WATCH_SAID)
    page.set_input_files("#clip-file", clip)
    expect(cards(page)).to_have_count(10)
    page.evaluate(WATCH_SHIFTS)
    ears.may_answer.set()
    expect(page.locator("#results-title")).to_have_text("Listening again for lyrics…")
    expect(page.locator("#results .meanwhile")).to_have_text("Not sure yet. The likeliest so far")
    expect(page.locator("#heard")).to_contain_text("There is no singing, or it could not be understood")
    expect(page.locator("#results")).to_have_attribute("aria-busy", "true")
    expect(page.locator("#announcer")).to_contain_text("Not sure yet. 10 songs. The first is")
    if folder := os.environ.get("ALCCA_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/listening again {width}.png", full_page=True)
    ears.may_listen.set()
    expect(page.locator("#results-title")).to_have_text("This is “Song 09”")
    expect(page.locator("#announcer")).to_contain_text("10 songs. The first is Song 09, sure")
    expect(page.locator(".meanwhile")).to_have_count(0)
    assert page.evaluate("window.shift") < SMALL_SHIFT
    # Each change is said once.
    said = page.evaluate("window.said")
    assert [sum(words in text for text in said) for words in ("Not sure", "Song 09, sure")] == [1, 1]
    first = cards(page).first
    assert first.locator(".passage-line").all_inner_texts() == [lines[1]]
    why = first.locator("[data-testid=why]")
    why.locator("summary").click()
    expect(why.locator("dt")).to_have_text(["The learned space", "The second listening"])
    expect(why.locator("dd").last).to_contain_text("times likelier than by chance")


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ((), "There is no singing, or it could not be understood"),
        ("it took too long", "The recording was not transcribed"),
    ],
)
def test_without_words_the_page_says_so_kindly(visit, ears, clip, heard, said):
    if isinstance(heard, str):
        ears.fails(heard)
    else:
        ears.hears(*heard)
    page = visit().open()
    page.set_input_files("#clip-file", clip)
    expect(page.locator("#heard")).to_contain_text(said)
    expect(page.locator("#results-title")).to_have_text(re.compile("No certain match|This is likely"))
    expect(cards(page)).to_have_count(10)
    expect(page.locator(".query-note").last).to_contain_text(heard or "no words were recognised")


def test_a_server_without_ears_says_so_before_anything_is_sent(visit, ears, clip):
    ears.lacks = "there are no weights"
    ears.fails("there are no weights")
    page = visit().open()
    expect(page.locator("#cannot-hear")).to_have_text(
        "Recordings are not transcribed on this server: there are no weights."
    )
    page.set_input_files("#clip-file", clip)
    expect(cards(page)).to_have_count(10)
    expect(page.locator("#heard")).to_have_count(0)


def test_another_clip_takes_the_place_of_the_first(visit, ears, lines, clip, music_once):
    ears.hears(*lines)
    ears.may_answer.clear()
    page = visit().open()
    page.set_input_files("#clip-file", clip)
    expect(cards(page)).to_have_count(10)
    page.click("#clip-remove")
    expect(page.locator("#results")).to_be_empty()
    until(lambda: ears.taken == 0)
    page.set_input_files("#clip-file", music_once / "song 05.ogg")
    expect(page.locator("#clip-name")).to_have_text("song 05.ogg")
    expect(cards(page)).to_have_count(10)
    ears.may_answer.set()
    expect(page.locator("#results-title")).to_have_text("This is “Song 09”")
    until(lambda: ears.taken == 0)


def test_a_full_line_is_told_and_can_be_tried_again(visit, ears, lines, clip):
    ears.hears(*lines)
    places = [ears.place() for _ in range(3)]
    one = visit()
    page = one.open()
    page.set_input_files("#clip-file", clip)
    expect(page.locator("[data-testid=error]")).to_contain_text("try again in 7 s")
    for place in places:
        place.leave()
    page.click("#try-again")
    expect(page.locator("#results-title")).to_have_text("This is “Song 09”")
    # The browser itself reports the status.
    assert [said for said in one.wrong if "503" not in said] == []
    one.wrong.clear()


def test_one_part_alone_can_be_asked(visit, ears, lines, clip):
    ears.hears(*lines)
    page = visit().open()
    page.select_option("#search-by", "space")
    page.set_input_files("#clip-file", clip)
    expect(page.locator("#results-title")).to_have_text(re.compile("No certain match|This is likely"))
    expect(page.locator("#heard")).to_have_count(0)
    page.select_option("#search-by", "words")
    expect(page.locator("#results-title")).to_have_text("This is “Song 09”")
    expect(cards(page).first.locator("[data-testid=why] dt")).to_have_text(["The words"])


def test_typed_words_find_the_recording_and_it_plays_from_there(visit):
    page = visit().open()
    expect(page.locator("#words-form")).to_contain_text("Finds recordings by what is sung in them.")
    page.fill("#lyrics", "velvet thunder in a lantern meadow")
    page.click("#search-words")
    first = cards(page).first
    expect(first.locator("[data-testid=song-link]")).to_have_text("no words")
    first.get_by_role("button", name="sung at 0:03, play from there").click()
    page.wait_for_function("element => element.currentTime > 3", arg=first.locator("audio").element_handle())


def test_a_song_shows_its_words_in_time_with_the_playback(visit, id_of, lines):
    page = visit().open(f"#/song/{id_of['Song 09']}")
    heard = page.locator("#song-heard")
    expect(heard.locator(".heard-line")).to_have_text(lines)
    expect(heard).to_contain_text("Transcribed from 0:01 to 0:07, with base.")
    expect(page.locator(".lit")).to_have_count(0)
    heard.locator("[data-testid=play-from]").nth(1).click()
    expect(heard.locator(".lit .heard-line")).to_have_text(lines[1])
    expect(page.locator("#song-lyrics .lit")).to_have_text(lines[1])


def test_a_song_without_words_or_listeners_says_so_kindly(visit, id_of):
    one = visit()
    page = one.open(f"#/song/{id_of['Song 10']}")
    expect(page.locator("#song-heard")).to_contain_text("there is no singing, or it could not be understood")
    page = one.open(f"#/song/{id_of['Song 11']}")
    expect(page.locator("#song-heard")).to_contain_text("Run alcca hear")
    page = one.open(f"#/song/{id_of['no sound']}")
    expect(page.locator("#song-heard")).to_contain_text("no recording to transcribe")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_finding_of_axe_and_nothing_wider_than_a_phone(visit, ears, lines, clip, id_of, scheme):
    ears.hears(*lines)
    # The page's own policy would not let the checker in.
    one = visit(color_scheme=scheme, viewport={"width": 360, "height": 740}, bypass_csp=True)
    page = one.open()
    page.set_input_files("#clip-file", clip)
    expect(page.locator("#results-title")).to_have_text("This is “Song 09”")
    cards(page).first.locator("[data-testid=why] summary").click()
    page.wait_for_load_state("networkidle")
    check(page)
    page = one.open(f"#/song/{id_of['Song 09']}")
    page.locator("#song-heard [data-testid=play-from]").first.click()
    expect(page.locator("#song-heard .lit")).to_have_count(1)
    check(page)


def check(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found
            if one["impact"] in ("serious", "critical")] == []  # fmt: skip
