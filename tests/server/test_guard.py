"""Who is let in, from where, with how much; and what every answer tells a browser not to do."""

import hmac
import re

import pytest
from starlette.testclient import TestClient

from alcca.server.application import create_app
from alcca.server.guard import COOKIE

API = "/api/v1"
TOKEN = "a long random token"
HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@pytest.fixture
def guarded(service):
    """A server with a token, and a browser that keeps cookies."""
    return TestClient(create_app(service, token=TOKEN), base_url="http://music.example:8000", follow_redirects=False)


@pytest.fixture
def local(service):
    """A server that knows its own names, as one at 127.0.0.1 does."""
    return TestClient(create_app(service, hosts=HOSTS), base_url="http://127.0.0.1:8000", follow_redirects=False)


# Token


def test_the_right_token_opens_the_api(guarded):
    for value in (f"Bearer {TOKEN}", f"bearer {TOKEN}", f"BEARER  {TOKEN} "):
        assert guarded.get(f"{API}/status", headers={"authorization": value}).status_code == 200, value


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Bearer {TOKEN}x"},
        {"authorization": f"Bearer {TOKEN[:-1]}"},
        {"authorization": f"Bearer {TOKEN.upper()}"},
        {"authorization": TOKEN},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": b"Bearer \xff\xfe"},
        {"cookie": f"{COOKIE}={TOKEN}"},
        {"cookie": f"{COOKIE}="},
        {"cookie": COOKIE},
        {"cookie": f"token={TOKEN}"},
    ],
    ids=str,
)
def test_without_the_right_token_the_api_is_closed(guarded, problem_of, headers):
    for answer in (
        guarded.get(f"{API}/status", headers=headers),
        guarded.get(f"{API}/songs/1/audio", headers=headers),
        guarded.post(f"{API}/search/lyrics", json={"lyrics": "river"}, headers=headers),
        guarded.get(f"{API}/nothing", headers=headers),
    ):
        assert "token" in problem_of(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert TOKEN not in answer.text


@pytest.mark.parametrize("host", ["x/?", "x#", "x/y?z=", "/?", "user@x/#"])
def test_no_host_hides_the_path_from_the_guard(guarded, host):
    assert guarded.get(f"{API}/status", headers={"host": host}).status_code in (400, 401, 421)


@pytest.mark.parametrize("path", ["//api/v1/status", "/./api/v1/status", "/%61pi/v1/status", "/API/v1/status"])
def test_no_spelling_hides_the_path_from_the_guard(guarded, path):
    assert guarded.get(f"http://music.example:8000{path}").status_code in (401, 404)


def test_the_page_is_reachable_without_the_token(guarded):
    for path in ("/", "/static/icon.svg", "/docs", "/docs/start.js"):
        assert guarded.get(path).status_code == 200, path


def test_logging_in_gives_a_cookie_that_opens_the_api(guarded):
    assert guarded.get(f"{API}/status").status_code == 401
    answer = guarded.post("/login", data={"token": TOKEN})
    # Relative: a proxy may serve it below another path.
    assert (answer.status_code, answer.headers["location"]) == (303, "./")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= attributes
    assert "domain" not in cookie.lower()
    assert TOKEN not in cookie
    assert guarded.get(f"{API}/status").status_code == 200
    assert guarded.post(f"{API}/search/lyrics", json={"lyrics": "river"}).status_code == 200


def test_a_cookie_of_another_token_is_worth_nothing(service, guarded):
    other = TestClient(create_app(service, token=TOKEN + "2"), base_url="http://music.example:8000")
    other.post("/login", data={"token": TOKEN + "2"}, follow_redirects=False)
    assert other.get(f"{API}/status").status_code == 200
    assert guarded.get(f"{API}/status", headers={"cookie": f"{COOKIE}={other.cookies[COOKIE]}"}).status_code == 401


@pytest.mark.parametrize("given", [{"token": "wrong"}, {"token": ""}, {}, {"token": "x" * 1001}, {"token": "\ud7ff ü"}])
def test_logging_in_with_something_else_fails(guarded, problem_of, given):
    answer = guarded.post("/login", data=given)
    assert answer.status_code in (401, 422)
    problem_of(answer, answer.status_code)
    assert "set-cookie" not in answer.headers
    assert guarded.get(f"{API}/status").status_code == 401


def test_secrets_are_compared_in_a_time_that_tells_nothing(guarded, monkeypatch):
    compared = []
    whole = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: compared.append({one, other}) or whole(one, other))
    guarded.get(f"{API}/status", headers={"authorization": "Bearer wrong"})
    guarded.post("/login", data={"token": "wrong"})
    assert compared == [{b"wrong", TOKEN.encode()}] * 2
    guarded.get(f"{API}/status", headers={"cookie": f"{COOKIE}=wrong"})
    assert len(compared) == 3
    assert b"wrong" in compared[2]


def test_the_description_says_that_a_token_is_needed(guarded, client):
    told = guarded.get("/openapi.json").json()
    (scheme,) = told["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert told["security"]
    assert "security" not in client.get("/openapi.json").json()


# Where a request comes from


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:8001", "http://127.0.0.1.evil.example:8000",
     "http://evil.example/127.0.0.1:8000", "file://", "", "http://["],
)  # fmt: skip
def test_a_page_from_elsewhere_may_not_send(local, problem_of, origin):
    for answer in (
        local.post(f"{API}/search/lyrics", json={"lyrics": "river"}, headers={"origin": origin}),
        local.post(f"{API}/search/audio", files={"file": ("a.wav", b"x")}, headers={"origin": origin}),
        local.post("/login", data={"token": "x"}, headers={"origin": origin}),
    ):
        problem_of(answer, 403)
        assert "access-control-allow-origin" not in answer.headers


def test_the_page_itself_may_send(local):
    query = {"lyrics": "river"}
    for origin in ({"origin": "http://127.0.0.1:8000"}, {}):
        assert local.post(f"{API}/search/lyrics", json=query, headers=origin).status_code == 200
    there = {"host": "localhost:8000", "origin": "http://localhost:8000"}
    assert local.post(f"{API}/search/lyrics", json=query, headers=there).status_code == 200


# What browsers tell of a request that a page of another site, or of another port of this machine, has made.
EMBEDDED = {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
FRAMED = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
CLICKED = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-user": "?1"}


@pytest.mark.parametrize("site", ["cross-site", "same-site", "CROSS-SITE", "something new"])
@pytest.mark.parametrize("how", [EMBEDDED, FRAMED, CLICKED, {"sec-fetch-mode": "cors"}, {}], ids=str)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_page_from_elsewhere_may_not_load_from_the_api(local, site, how, method):
    for path in ("status", "songs?words=a", "songs/1/audio", "map", "nothing"):
        answer = local.request(method, f"{API}/{path}", headers={"sec-fetch-site": site, **how})
        assert answer.status_code == 403, path
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:8001"])
def test_a_page_from_elsewhere_may_not_read_from_the_api_either(local, problem_of, origin):
    assert "may not load" in problem_of(local.get(f"{API}/status", headers={"origin": origin}), 403)


def test_a_link_elsewhere_leads_to_the_pages_and_nothing_else_does(local):
    there = {"sec-fetch-site": "cross-site"}
    for path in ("/", "/docs"):
        assert local.get(path, headers={**there, **CLICKED}).status_code == 200
        assert local.get(path, headers={**there, **FRAMED}).status_code == 403
    assert local.get("/static/icon.svg", headers={**there, **EMBEDDED}).status_code == 403
    assert local.post("/login", data={"token": "x"}, headers={**there, **CLICKED}).status_code == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_the_page_itself_and_the_person_may_load(local, site):
    for path in ("/", "/static/icon.svg", f"{API}/status", f"{API}/songs?words=a"):
        assert local.get(path, headers={"sec-fetch-site": site, **EMBEDDED}).status_code == 200, path
    own = {"sec-fetch-site": site, "origin": "http://127.0.0.1:8000"}
    assert local.post(f"{API}/search/lyrics", json={"lyrics": "river"}, headers=own).status_code == 200


def test_a_token_does_not_let_pages_from_elsewhere_in(guarded):
    token = {"authorization": f"Bearer {TOKEN}"}
    assert guarded.get(f"{API}/status", headers=token).status_code == 200
    assert guarded.get(f"{API}/status", headers={**token, "sec-fetch-site": "cross-site"}).status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "10.0.0.1", "", "[", "a]b", "[::1", "x/?"]
)
def test_a_server_answers_to_its_own_name_only(local, problem_of, host):
    for path in (f"{API}/status", "/", "/static/icon.svg"):
        answer = local.get(path, headers={"host": host})
        assert "127.0.0.1" in problem_of(answer, 421)


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000", "LOCALHOST:8000"])
def test_all_of_its_own_names_are_known(local, host):
    assert local.get(f"{API}/status", headers={"host": host}).status_code == 200


# Size


def test_an_announced_length_above_the_limit_is_refused(client, problem_of):
    kind = {"content-type": "multipart/form-data; boundary=x"}
    for length in ("50200000", "9" * 30):
        answer = client.post(f"{API}/search/audio", content=b"", headers={**kind, "content-length": length})
        assert "50 MB" in problem_of(answer, 413)
    answer = client.post(f"{API}/search/lyrics", content=b"x" * 1_000_001)
    assert "1 MB" in problem_of(answer, 413)


def test_a_body_without_length_is_counted(client, problem_of):
    def pieces():
        for _ in range(100):
            taken.append(1)
            yield b" " * 20_000

    taken = []
    answer = client.post(f"{API}/search/lyrics", content=pieces(), headers={"content-type": "application/json"})
    problem_of(answer, 413)


# Headers


def kinds_of_answers(client, local, guarded, number):
    audio = f"{API}/songs/{number}/audio"
    return {
        "page": client.get("/"),
        "static": client.get("/static/icon.svg"),
        "docs": client.get("/docs"),
        "swagger": client.get("/docs/swagger/swagger-ui.css"),
        "openapi": client.get("/openapi.json"),
        "api": client.get(f"{API}/status"),
        "search": client.post(f"{API}/search/lyrics", json={"lyrics": "river"}),
        "audio": client.get(audio),
        "206": client.get(audio, headers={"range": "bytes=0-9"}),
        "416": client.get(audio, headers={"range": "bytes=999999999-"}),
        "307": client.get(f"{API}/songs/", follow_redirects=False),
        "303": guarded.post("/login", data={"token": TOKEN}),
        "401": TestClient(guarded.app).get(f"{API}/status"),
        "403": local.post("/login", headers={"origin": "http://evil.example"}),
        "404": client.get("/nothing"),
        "405": client.delete(f"{API}/status"),
        "413": client.post(f"{API}/search/lyrics", content=b"x" * 1_000_001),
        "421": local.get("/", headers={"host": "evil.example"}),
        "422": client.post(f"{API}/search/lyrics", json={}),
    }


def strict(answer):
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    sources = {source for allowed in policy.values() for source in allowed.split()}
    assert sources <= {"'none'", "'self'", "data:", "blob:"}
    assert "data:" not in policy["script-src"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "access-control-allow-origin" not in answer.headers


def test_every_kind_of_answer_has_strict_headers(client, local, guarded):
    number = client.get(f"{API}/songs", params={"words": "songd"}).json()["songs"][0]["id"]
    answers = kinds_of_answers(client, local, guarded, number)
    for kind, answer in answers.items():
        expected = int(kind) if kind.isdigit() else 200
        assert answer.status_code == expected, kind
        strict(answer)


def test_an_error_of_the_server_is_a_problem_with_strict_headers(service, monkeypatch, problem_of):
    def fail():
        raise RuntimeError("secret of /home/somebody")

    monkeypatch.setattr(service, "map", fail)
    client = TestClient(create_app(service), base_url="http://127.0.0.1", raise_server_exceptions=False)
    answer = client.get(f"{API}/map")
    assert "RuntimeError" in problem_of(answer, 500)
    assert "secret" not in answer.text
    strict(answer)


# The pages


def test_the_description_of_the_api_comes_from_here_alone(client):
    page = client.get("/docs").text
    # Relative to /docs, which may be below another path.
    addresses = re.findall(r"""(?:src|href)=["']([^"']*)["']""", page)
    assert len(addresses) >= 4
    for address in addresses:
        assert re.match(r"docs/[^/]|data:,", address), address
        assert address.startswith("data:") or client.get(address).status_code == 200
    assert "://" not in client.get("/docs/start.js").text
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert not re.search(r"\son\w+=|\sstyle=|<style", page)


@pytest.mark.parametrize(
    "path",
    ["/static/../guard.py", "/static/%2e%2e/guard.py", "/static/..%2fguard.py", "/static/%2e%2e%2fguard.py",
     "/static//etc/passwd", "/static/%2fetc%2fpasswd", "/static/..%5cguard.py", "/static/%00", "/static/", "/static/js",
     "/docs/swagger/../../guard.py", "/docs/swagger/%2e%2e/%2e%2e/__init__.py", "/static/" + "a" * 5000],
    ids=lambda path: path[:40],
)  # fmt: skip
def test_only_what_is_for_the_browser_is_served(client, path):
    answer = client.get(f"http://127.0.0.1{path}")
    assert answer.status_code == 404, answer.text[:200]
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_api_alone_has_no_page(service, problem_of):
    client = TestClient(create_app(service, api_only=True, token=TOKEN), base_url="http://127.0.0.1")
    for path in ("/", "/static/icon.svg"):
        problem_of(client.get(path), 404)
    problem_of(client.post("/login", data={"token": TOKEN}), 404)
    assert client.get("/docs").status_code == 200
    assert client.get("/openapi.json").status_code == 200
    assert client.get(f"{API}/status", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
