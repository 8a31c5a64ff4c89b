"""Behind a real nginx with TLS: at the root and below a path, with its default headers and with those of the docs."""

import json
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from tests.server.conftest import running
from tests.server.nginx import NAME, Browser, documented_headers, nginx, nginx_or_skip

from alcca.server.application import create_app
from alcca.server.listener import listen_at

TOKEN = "a long random token"
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
API = "api/v1"
JSON = {"Content_Type": "application/json"}
# What stands in nginx's block, the path outside, and which of the servers it leads to.
PLACES = {
    "default": ("location / { proxy_pass http://127.0.0.1:PORT; }", "/", "plain"),
    "port lost": ("location / { proxy_pass http://127.0.0.1:PORT; proxy_set_header Host $host; }", "/", "plain"),
    "as documented": ("location / { proxy_pass http://127.0.0.1:PORT; LINES }", "/", "plain"),
    "path removed": ("location /lyrics/ { proxy_pass http://127.0.0.1:PORT/; }", "/lyrics/", "plain"),
    "path removed, root path": ("location /lyrics/ { proxy_pass http://127.0.0.1:PORT/; }", "/lyrics/", "below"),
    "path kept": ("location /lyrics/ { proxy_pass http://127.0.0.1:PORT; }", "/lyrics/", "below"),
    "path kept, as documented": ("location /lyrics/ { proxy_pass http://127.0.0.1:PORT; LINES }", "/lyrics/", "below"),
    "prefix told": (
        "location /lyrics/ { proxy_pass http://127.0.0.1:PORT/; proxy_set_header X-Forwarded-Prefix /lyrics; }",
        "/lyrics/", "plain",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def proxied(service, tmp_path_factory):
    """``proxied(place)``: a browser at one of `PLACES`."""
    nginx_or_skip()
    folder = tmp_path_factory.mktemp("nginx")
    known = {"token": TOKEN, "hosts": LOCAL, "allowed_hosts": [NAME]}
    plain, below = create_app(service, **known), create_app(service, **known, root_path="/lyrics")
    with running(plain) as plain_port, running(below) as below_port:
        to = {"plain": str(plain_port), "below": str(below_port)}
        blocks = {
            name: place.replace("PORT", to[server]).replace("LINES", documented_headers())
            for name, (place, _, server) in PLACES.items()
        }
        with nginx(folder, blocks) as ports:
            yield lambda name: Browser(ports[name], PLACES[name][1], folder / "cert.pem")


@pytest.fixture(params=PLACES)
def outside(request, proxied):
    """A browser that has not logged in."""
    return proxied(request.param)


@pytest.fixture
def inside(outside):
    """A browser that has logged in."""
    assert outside.ask("login", "POST", f"token={TOKEN}".encode(), **FORM).status == 303
    return outside


FORM = {"Content_Type": "application/x-www-form-urlencoded"}


def song_with_sound(browser):
    songs = json.loads(browser.ask(f"{API}/songs?k=100").body)["songs"]
    return next(song["id"] for song in songs if song["has_audio"])


def test_the_page_and_all_that_it_loads_are_there(outside):
    page = outside.ask()
    assert page.status == 200
    addresses = re.findall(rb"""(?:src|href)="([^"#]+)""", page.body)
    assert len(addresses) > 10
    for address in addresses:
        assert outside.ask(address.decode()).status == 200, address


def test_logging_in_leads_back_to_the_page(outside):
    assert outside.ask(f"{API}/status").status == 401
    answer = outside.ask("login", "POST", f"token={TOKEN}".encode(), **FORM)
    assert answer.status == 303
    here = f"{outside.origin}{outside.path}"
    assert urljoin(f"{here}login", answer.headers["location"]) == here
    assert outside.ask(f"{API}/status").status == 200


def test_the_cookie_stays_below_the_path_that_the_server_knows(proxied):
    for name, path in (("default", "/"), ("path kept", "/lyrics"), ("path removed, root path", "/lyrics"),
                       ("prefix told", "/lyrics")):  # fmt: skip
        browser = proxied(name)
        browser.ask("login", "POST", f"token={TOKEN}".encode(), **FORM)
        assert [below for _, below in browser.cookies.values()] == [path], name


def test_a_search_finds(inside):
    found = inside.ask(f"{API}/search/lyrics", "POST", b'{"lyrics": "river"}', **JSON)
    assert found.status == 200
    assert json.loads(found.body)["hits"]


def test_an_upload_finds(inside, form, music_once):
    # More than nginx keeps in memory.
    body, kind = form((music_once / "song 00.wav").read_bytes(), "a.wav")
    assert len(body) > 100_000
    found = inside.ask(f"{API}/search/audio?by=space", "POST", body, Content_Type=kind)
    assert found.status == 200, found.body
    assert json.loads(found.body)["hits"]


def test_a_recording_is_sent_whole_in_ranges_and_described(inside):
    address = f"{API}/songs/{song_with_sound(inside)}/audio"
    whole = inside.ask(address)
    part = inside.ask(address, Range="bytes=0-1")
    assert (part.status, part.body) == (206, whole.body[:2])
    assert part.headers["content-range"] == f"bytes 0-1/{len(whole.body)}"
    described = inside.ask(address, "HEAD")
    assert (described.status, described.body) == (200, b"")
    for name in ("content-length", "content-type", "accept-ranges", "etag"):
        assert described.headers[name] == whole.headers[name], name


@pytest.mark.parametrize("address", [f"{API}/songs/", "docs/swagger", "static"])
def test_a_redirect_leads_to_the_same_server_below_the_same_path(inside, address):
    answer = inside.ask(address)
    assert answer.status == 307
    here = f"{inside.origin}{inside.path}"
    there = urljoin(f"{here}{address}", answer.headers["location"])
    assert there == (here + address.rstrip("/") if address.endswith("/") else f"{here}{address}/")


def test_the_page_without_a_slash_leads_to_the_page(proxied):
    browser = proxied("path kept")
    browser.path = "/lyrics"
    answer = browser.ask()
    assert answer.status in (301, 307)
    there = urlsplit(urljoin(f"{browser.origin}/lyrics", answer.headers["location"]))
    assert there.path == "/lyrics/"


def test_the_description_of_the_api_is_there(outside):
    page = outside.ask("docs")
    assert page.status == 200
    for address in re.findall(rb"""(?:src|href)="(docs/[^"]+)""", page.body):
        assert outside.ask(address.decode()).status == 200, address
    told = json.loads(outside.ask("openapi.json").body)
    assert f"/{API}/status" in told["paths"]


def test_a_page_from_elsewhere_may_still_not_send(inside):
    for told in (
        {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": inside.origin.replace("https", "http"), "Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ):
        assert inside.ask(f"{API}/search/lyrics", "POST", b'{"lyrics": "river"}', **JSON, **told).status == 403, told


def test_a_proxy_that_passes_on_the_host_passes_on_foreign_ones(proxied):
    """A page that points its own name to the proxy."""
    for name in ("port lost", "as documented", "path kept, as documented"):
        browser = proxied(name)
        answer = browser.ask(Host="evil.example")
        assert answer.status == 421, name
        assert b"--allowed-host evil.example" in answer.body


def test_the_refusal_says_what_to_do(service, proxied, tmp_path):
    """A server behind nginx's default configuration whose owner has not told it the name."""
    with (
        running(create_app(service, hosts=LOCAL)) as port,
        nginx(tmp_path, {"": f"location / {{ proxy_pass http://127.0.0.1:{port}; }}"}) as ports,
    ):
        browser = Browser(ports[""], "/", tmp_path / "cert.pem")
        assert browser.ask(f"{API}/status").status == 200
        answer = browser.ask(f"{API}/search/lyrics", "POST", b'{"lyrics": "river"}', **JSON)
    assert answer.status == 403
    detail = json.loads(answer.body)["detail"]
    assert f"--allowed-host {NAME}" in detail
    assert "X-Forwarded-Proto" in detail


def test_events_come_one_by_one(listening_port, ears, form, music_once, tmp_path):
    """nginx keeps no event back while the next one is still being made."""
    nginx_or_skip()
    ears.may_answer.clear()
    with nginx(tmp_path, {"": f"location / {{ proxy_pass http://127.0.0.1:{listening_port}; }}"}) as ports:
        browser = Browser(ports[""], "/", tmp_path / "cert.pem")
        body, kind = form((music_once / "song 04.flac").read_bytes(), "a.flac")
        connection = browser.connect()
        connection.request("POST", f"/{API}/search/audio/stream", body, {"Content-Type": kind})
        answer = connection.getresponse()
        assert answer.readline() == b"event: space\n"
        ears.may_answer.set()
        rest = answer.read()
        connection.close()
    assert b"event: result\n" in rest


def test_a_unix_socket_behind_nginx(service, tmp_path):
    path = Path(tmp_path / "alcca.sock")
    with listen_at(path) as listener:
        app = create_app(service, token=TOKEN, hosts=LOCAL, allowed_hosts=[NAME])
        with running(app, listener), nginx(tmp_path, {"": f"location / {{ proxy_pass http://unix:{path}; }}"}) as ports:
            browser = Browser(ports[""], "/", tmp_path / "cert.pem")
            assert browser.ask("login", "POST", f"token={TOKEN}".encode(), **FORM).status == 303
            assert browser.ask(f"{API}/search/lyrics", "POST", b'{"lyrics": "river"}', **JSON).status == 200
    assert not path.exists()
