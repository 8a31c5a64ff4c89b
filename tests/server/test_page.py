"""The search page in a real browser: what a person does, sees, and is kept from."""

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from tests.server.visiting import Visit, photograph

pytestmark = pytest.mark.slow

VIEWS = ("#/", "#/songs", "#/map", "#/evaluation", "#/song/1", "#/like/2/audio")


@pytest.fixture
def visit(browser, served, request, tmp_path):
    opened = []

    def make(**options):
        opened.append(Visit(browser, served, **options))
        return opened[-1]

    yield make
    photograph(opened, request.node.name, tmp_path)


@pytest.fixture
def page(visit):
    return visit().open()


def cards(page):
    return page.locator("#results [data-testid=card]")


def search_words(page, words="river mountain silver"):
    page.fill("#lyrics", words)
    page.click("#search-words")
    expect(cards(page)).to_have_count(10)


def test_the_foot_names_the_model_and_what_it_learned_from(page):
    expect(page.locator("#model-line")).to_contain_text("kernel-cca of mfcc and doc2vec, trained on 30 songs")


def test_a_clip_gives_lyrics(page, music_once):
    page.set_input_files("#clip-file", music_once / "song 00.wav")
    expect(page.locator("#clip-name")).to_have_text("song 00.wav")
    page.click("#search-sound")
    expect(cards(page)).to_have_count(10)
    expect(cards(page).first.locator("[data-testid=certainty]")).to_have_text(re.compile("A guess|Likely"))
    cards(page).first.locator("[data-testid=why] summary").click()
    expect(cards(page).first.locator("[data-testid=why]")).to_contain_text(
        re.compile(r"Probability .* of 100\..*The learned space.*than by chance \(.* bits\), cosine")
    )
    expect(cards(page).first.locator("[data-testid=passage]")).not_to_be_empty()


def test_a_recording_of_the_microphone_gives_lyrics_or_a_reason(page):
    page.click("#clip-record")
    expect(page.locator("#record-time")).to_have_text(re.compile("0:0[2-9]"))
    page.click("#clip-stop")
    expect(page.locator("#clip-name")).to_be_visible()
    page.click("#search-sound")
    expect(cards(page)).to_have_count(10)


def test_a_file_that_is_no_audio_gives_the_reason(page, tmp_path):
    (tmp_path / "letter.mp3").write_text("Dear reader, this is a letter and nothing to listen to.")
    page.set_input_files("#clip-file", tmp_path / "letter.mp3")
    page.click("#search-sound")
    expect(page.get_by_text("letter.mp3: is a text file, not audio")).to_be_visible()


def test_lyrics_give_songs_and_shared_words_are_marked(page):
    search_words(page)
    marks = page.locator("#results mark")
    expect(marks.first).to_be_visible()
    assert {text.lower() for text in marks.all_inner_texts()} <= {"river", "mountain", "silver"}


def test_a_song_plays_and_seeks(page):
    statuses = []
    page.on("response", lambda r: statuses.append(r.status) if r.url.endswith("/audio") else None)
    search_words(page)
    card = page.locator("#results [data-testid=card]:has([data-testid=play])").first
    card.locator("[data-testid=play]").click()
    audio = card.locator("[data-testid=audio]").element_handle()
    page.wait_for_function("audio => audio.currentTime > 0.2", arg=audio)
    audio.evaluate("audio => { audio.currentTime = 3 }")
    page.wait_for_function("audio => audio.currentTime >= 3 && !audio.seeking", arg=audio)
    assert 206 in statuses


def test_filters_narrow_the_cards(page):
    page.select_option("#search-label", index=1)
    chosen = page.locator("#search-label").input_value()
    page.fill("#lyrics", "river mountain silver")
    page.click("#search-words")
    expect(cards(page).first).to_be_visible()
    assert 0 < cards(page).count() < 10
    for card in cards(page).all():
        expect(card).to_contain_text(chosen)


def test_exact_search_says_so_and_finds_titles(visit):
    page = visit().open("#/songs")
    page.get_by_role("searchbox").fill("Song 07")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("[data-testid=card]")).to_have_count(1)
    expect(page.locator("[data-testid=card]")).to_contain_text("Song 07")
    expect(page.locator("#main")).to_contain_text(re.compile("exact", re.IGNORECASE))


def test_from_a_card_to_songs_that_sound_like_it_and_back(page):
    search_words(page)
    title = cards(page).first.locator("[data-testid=song-link]").inner_text()
    cards(page).first.get_by_text("Songs that sound like this").click()
    expect(page.locator("#origin")).to_contain_text(title)
    expect(cards(page)).to_have_count(10)
    page.go_back()
    expect(page.locator("#lyrics")).to_be_visible()


def test_nothing_on_a_card_suggests_a_confidence_that_is_not_there(visit):
    # Near means nearest, and the nearest of many is always "closer than 99%" of them.
    for view in ("#/like/2/audio", "#/like/3/lyrics"):
        page = visit().open(view)
        expect(cards(page)).to_have_count(10)
        expect(page.locator("#like-words")).to_contain_text("no proof that they are alike")
        for score in page.locator("#results [data-testid=score]").all():
            expect(score).to_have_text(re.compile(r"^cosine -?[01]\.\d\d$"))
    page = visit().open()
    search_words(page)
    assert "closer than" not in page.locator("#results").text_content()
    assert page.locator("#results").locator("meter, progress, [role=meter], [role=progressbar]").count() == 0


def test_a_click_on_the_map_opens_a_song(visit):
    page = visit().open("#/map")
    canvas = page.locator("#map-canvas")
    box = canvas.bounding_box()
    panel = page.locator("#map-panel [data-testid=song-link]")
    # Somewhere in the middle band there is a song under one of these places.
    for step in range(400):
        x, y = (step * 37 % 101) / 101, (step * 61 % 103) / 103
        canvas.click(position={"x": box["width"] * (0.1 + 0.8 * x), "y": box["height"] * (0.1 + 0.8 * y)})
        if panel.count():
            break
    expect(panel).to_be_visible()


def test_the_evaluation_shows_what_is_heard_beside_the_space(visit):
    one = visit()

    def with_heard(route):
        told = route.fetch().json()
        rows = [row for row in told["rows"] if row["method"] == "alcca" and row["components"] == 5]
        heard = [{**row, "method": name, "components": 0, "pool": 31} for row in rows for name in ("heard", "search")]
        route.fulfill(json={**told, "methods": ["search", "heard", "alcca"], "rows": [*rows, *heard]})

    one.page.route("**/api/v1/evaluation", with_heard)
    page = one.open("#/evaluation")
    direction = page.locator("#direction-audio")
    expect(direction).to_contain_text("This is search, the words heard and the learned space, as this page searches.")
    expect(direction).to_contain_text("out of 31")
    assert {"search", "heard"} < {text.split()[0] for text in direction.locator(".chart-name").all_inner_texts()}
    expect(page.locator("#evaluation")).not_to_contain_text("0 components")


def named_map(route):
    """The map's answer with neighbourhoods, which a shelf of thirty songs is too small for."""
    told = route.fetch().json()
    places = [
        {"level": 0, "x": 0.0, "y": 0.0, "songs": 20, "words": ["holy", "lamb"]},
        {"level": 0, "x": 0.02, "y": 0.0, "songs": 9, "words": ["hidden"]},
        {"level": 1, "x": 0.0, "y": 0.0, "songs": 5, "words": ["closer"]},
    ]
    route.fulfill(json={**told, "neighbourhoods": places})


DRAWN = """() => {
  window.drawn = [];
  const draw = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
    window.drawn.push(text);
    draw.call(this, text, ...where);
  };
}"""


def test_neighbourhoods_are_named_at_the_zoom_that_suits_them(visit):
    one = visit(bypass_csp=True)
    one.page.add_init_script(f"({DRAWN})()")
    one.page.route("**/api/v1/map", named_map)
    page = one.open("#/map")
    expect(page.locator("#map-share")).to_contain_text("neighbours stay neighbours")
    expect(page.locator("#map-note")).to_have_count(0)
    page.wait_for_function("() => window.drawn.length > 0")
    # The smaller of two that would cover each other waits.
    assert set(page.evaluate("window.drawn")) == {"holy · lamb"}
    page.evaluate("() => { window.drawn = []; }")
    page.click("#map-in")
    page.click("#map-in")
    page.wait_for_function("() => window.drawn.includes('closer')")
    page.click("#map-fit")
    page.locator("#map-places summary").click()
    expect(page.locator("#map-places button")).to_have_text(["holy · lamb (20 songs)", "hidden (9 songs)"])
    page.evaluate("() => { window.drawn = []; }")
    page.click("#map-place-0")
    page.wait_for_function("() => window.drawn.includes('closer')")
    expect(page.locator("#announcer")).to_have_text("holy · lamb is in the middle of the map")
    grave = [one["id"] for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
    assert grave == []
    assert one.wrong == []


def test_a_map_of_principal_components_says_what_to_do(visit):
    one = visit()

    def principal(route):
        note = "The map shows two principal components. Install it (pip install 'alcca[map]') and train."
        route.fulfill(json={**route.fetch().json(), "explained": 0.031, "note": note})

    one.page.route("**/api/v1/map", principal)
    page = one.open("#/map")
    expect(page.locator("#map-note")).to_contain_text("pip install 'alcca[map]'")
    expect(page.locator("#map-share")).to_contain_text("show 3% of what tells them apart")


def test_a_map_of_very_many_songs_is_drawn_as_pixels(visit):
    one = visit()

    def many(route):
        told = route.fetch().json()
        point = {**told["points"][0], "title": "one of many", "label": 0}
        crowd = [{**point, "id": 1000 + i, "x": (i % 200) / 100 - 1, "y": i // 200 / 75 - 1} for i in range(30_000)]
        route.fulfill(json={**told, "points": crowd})

    one.page.route("**/api/v1/map", many)
    page = one.open("#/map")
    colours = """() => {
      const canvas = document.getElementById("map-canvas");
      const bytes = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      const seen = {};
      for (let at = 0; at < bytes.length; at += 4) {
        const colour = bytes.slice(at, at + 4).join();
        seen[colour] = (seen[colour] ?? 0) + 1;
      }
      return seen;
    }"""
    # One colour on nothing: sprites would have rims and smooth edges.
    page.wait_for_function("() => document.getElementById('map-canvas').width > 300")
    page.wait_for_timeout(300)
    seen = page.evaluate(colours)
    assert len(seen) == 2
    assert min(seen.values()) > 100_000
    # Nearer by, where fewer are in view, each has its shape.
    page.click("#map-in")
    page.click("#map-in")
    page.wait_for_function(f"() => Object.keys(({colours})()).length > 2")
    assert one.wrong == []


def test_the_map_can_be_used_with_the_keyboard(visit):
    page = visit().open("#/map")
    page.focus("#map-canvas")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#map-panel [data-testid=song-link]")).to_be_visible()


def test_the_evaluation_is_told_with_chance(visit):
    page = visit().open("#/evaluation")
    expect(page.locator("#evaluation")).to_contain_text("cca")
    expect(page.locator("#evaluation")).to_contain_text(re.compile("chance|guess", re.IGNORECASE))
    expect(page.locator("#evaluation .chart")).to_have_count(4)  # instance and category, both ways


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"method": "alcca"}, "This is alcca with 5 components, what this page searches with."),
        ({"method": "ALCCA", "components": 3}, "This is alcca with 3 components, what this page searches with."),
        ({"method": "alcca", "components": 4}, "This is alcca with 6 components; this page searches with 4."),
        ({}, "the best of what was measured; this page searches with kernel-cca, which was not."),
    ],
)
def test_the_evaluation_speaks_of_what_the_page_searches_with(visit, model, said):
    one = visit()

    def trained_otherwise(route):
        status = route.fetch().json()
        route.fulfill(json={**status, "model": {**status["model"], **model}})

    one.page.route("**/api/v1/status", trained_otherwise)
    for direction in ("audio", "lyrics"):
        expect(one.open("#/evaluation").locator(f"#direction-{direction}")).to_contain_text(said)


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_is_wider_than_a_phone(visit, view):
    page = visit(viewport={"width": 360, "height": 740}).open(view)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_dark_mode_follows_the_system_and_the_button(visit):
    def background(page):
        return page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    light, dark = visit(color_scheme="light").open(), visit(color_scheme="dark").open()
    assert background(light) != background(dark)
    light.click("#theme-toggle")
    expect(light.locator("html")).to_have_css("background-color", background(dark))
    light.reload()
    expect(light.locator("html")).to_have_css("background-color", background(dark))


def test_a_search_by_keyboard_alone(page):
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "lyrics":
            break
    page.keyboard.type("golden river morning")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(cards(page)).to_have_count(10)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Songs that sound like this":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#origin")).to_be_visible()


def test_hostile_tags_and_lyrics_stay_text(visit, hostile):
    one = visit()
    page = one.open("#/songs")
    page.get_by_role("searchbox").fill("pwned")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_text(hostile.title).first).to_be_visible()
    page.get_by_text(hostile.title).first.click()
    expect(page.locator("#song-title")).to_have_text(hostile.title)
    for view in VIEWS:
        page = one.open(view)
        assert page.evaluate("typeof window.pwned") == "undefined"


@pytest.mark.parametrize("view", [*VIEWS, "docs"])
def test_nothing_goes_wrong_and_nothing_is_asked_of_another_host(visit, served, view):
    one = visit()
    if view == "docs":
        one.page.goto(f"{served}/docs")
        expect(one.page.get_by_text("Songs whose lyrics fit a recording")).to_be_visible()
    else:
        one.open(view)
    assert one.wrong == []
    assert one.hosts == {urlsplit(served).netloc}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_no_serious_finding_of_axe(visit, view, scheme):
    # The page's own policy would not let the checker in.
    page = visit(color_scheme=scheme, bypass_csp=True).open(view)
    if view == "#/":
        search_words(page)
    found = Axe().run(page).response["violations"]
    grave = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found
             if one["impact"] in ("serious", "critical")]  # fmt: skip
    assert grave == []
