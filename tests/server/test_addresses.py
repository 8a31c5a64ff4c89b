"""The names of a server, the proxies that it believes, and the path below which it is."""

import pytest
from starlette.testclient import TestClient

from alcca.errors import UsageError
from alcca.server.application import create_app
from alcca.server.forwarding import Proxies, check_root_path
from alcca.server.names import Allowed, HostNames, HostPort, host_of, origin_of, parse_allowed

API = "/api/v1"
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
TOKEN = "a long random token"


def client(service, *, address="127.0.0.1", host="127.0.0.1:8765", **options):
    """What a proxy at an address sends to a server at 127.0.0.1:8765."""
    app = create_app(service, **{"hosts": LOCAL, **options})
    return TestClient(app, f"http://{host}", client=(address, 50_000), follow_redirects=False)


def search(client, **headers):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"{API}/search/lyrics", json={"lyrics": "river"}, headers=given).status_code


# Names


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("music.example", "music.example", None), ("Music.Example.:443", "music.example", 443), ("[::1]:80", "::1", 80),
     ("", "", None), ("a/b", "", None), ("user@a", "", None), ("a:b", "", None), ("[", "", None), ("a?b", "", None)],
)  # fmt: skip
def test_a_host_is_parsed(text, host, port):
    assert host_of(text) == HostPort(host, port)


@pytest.mark.parametrize("text", ["null", "", "file://", "ftp://a", "https://", "https://a/b", "about:blank", "a"])
def test_what_is_no_origin_of_a_page_is_none(text):
    assert origin_of(text) is None


def test_an_origin_has_a_port():
    assert origin_of("HTTP://A.example") == ("http", HostPort("a.example", 80))
    assert origin_of("https://a.example:8443") == ("https", HostPort("a.example", 8443))


@pytest.mark.parametrize(
    ("text", "allowed"),
    [("music.example", Allowed("music.example", None)), ("MUSIC.example.:8443", Allowed("music.example", 8443)),
     ("*.Example", Allowed("*.example", None)), ("*", Allowed("*", None)), ("::1", Allowed("::1", None)),
     ("[fe80::1]", Allowed("fe80::1", None)), ("192.0.2.1:81", Allowed("192.0.2.1", 81)), ("nas", Allowed("nas", None)),
     ("müzik.example", Allowed("xn--mzik-0ra.example", None))],
)  # fmt: skip
def test_an_allowed_host_is_parsed(text, allowed):
    assert parse_allowed(text) == allowed


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "https://music.example",
        "music.example/lyrics",
        "a b",
        "*.",
        "a.*",
        "**.a",
        "-a",
        "a..b",
        "a:b:c",
        "a:99999",
    ],
)
def test_what_is_no_name_is_refused(text):
    with pytest.raises(UsageError, match="--allowed-host"):
        parse_allowed(text)


def test_a_star_stands_for_the_names_below():
    names = HostNames(LOCAL, [parse_allowed("*.example")])
    known = {host: names.knows(host) for host in ("a.example", "a.b.example", "example", "aexample", "evil.com", "")}
    assert known == {
        "a.example": True, "a.b.example": True, "example": False, "aexample": False, "evil.com": False, "": False
    }  # fmt: skip


# Hosts and origins


def test_an_allowed_name_is_answered(service):
    server = client(service, allowed_hosts=["music.example", "*.home.arpa"])
    for host, status in (("music.example", 200), ("MUSIC.example:8443", 200), ("nas.home.arpa", 200),
                         ("127.0.0.1:8765", 200), ("home.arpa", 421), ("evil.example", 421),
                         ("music.example.evil.example", 421)):  # fmt: skip
        assert server.get(f"{API}/status", headers={"host": host}).status_code == status, host


# What a proxy passes on of a page at https://music.example:8443, and of others.
KEPT, LOST, ITS_OWN = "music.example:8443", "music.example", "127.0.0.1:8765"


@pytest.mark.parametrize("host", [KEPT, LOST, ITS_OWN])
@pytest.mark.parametrize(
    "forwarded",
    [{}, {"X_Forwarded_Proto": "https"}, {"X_Forwarded_Proto": "https", "X_Forwarded_Host": KEPT},
     {"X_Forwarded_Host": LOST, "X_Forwarded_Port": "8443"}, {"Forwarded": f'for=192.0.2.1;proto=https;host="{KEPT}"'}],
    ids=str,
)  # fmt: skip
def test_a_page_behind_a_proxy_may_send(service, host, forwarded):
    server = client(service, allowed_hosts=["music.example"])
    assert search(server, Host=host, Origin="https://music.example:8443", **forwarded) == 200
    assert search(server, Host=host, Origin="https://evil.example", **forwarded) == 403
    assert search(server, Host=host, Origin="https://music.example:8443.evil.example", **forwarded) == 403
    site = {"Origin": "https://music.example:8443", "Sec_Fetch_Site": "cross-site"}
    assert search(server, Host=host, **site, **forwarded) == 403


def test_the_default_port_is_none(service):
    server = client(service, allowed_hosts=["music.example:443"])
    for scheme, status in (("https", 200), ("http", 403)):
        assert search(server, Origin=f"{scheme}://music.example") == status
    told = {"Host": "music.example", "X_Forwarded_Proto": "https", "X_Forwarded_Port": "443"}
    assert search(server, Origin="https://music.example", **told) == 200
    assert search(server, Origin="https://music.example:8443", **told) == 403


def test_a_port_that_the_owner_gives_is_the_only_one(service):
    server = client(service, allowed_hosts=["music.example:8443"])
    assert search(server, Origin="https://music.example:8443") == 200
    assert search(server, Origin="https://music.example:9999") == 403
    assert search(server, Origin="https://music.example") == 403


def test_the_scheme_is_compared_where_the_proxy_tells_it(service):
    server = client(service, allowed_hosts=["music.example"])
    for told, origin, status in (("https", "https", 200), ("https", "http", 403), ("http", "https", 403)):
        assert search(server, Origin=f"{origin}://music.example", X_Forwarded_Proto=told) == status


def test_another_port_of_this_machine_may_not_send_though_80_is_never_written(service):
    server = TestClient(create_app(service, hosts=LOCAL), "http://127.0.0.1:80")
    assert search(server, Host="127.0.0.1", Origin="http://127.0.0.1") == 200
    assert search(server, Host="127.0.0.1", Origin="http://127.0.0.1:8001") == 403


def test_only_a_trusted_proxy_is_believed(service):
    told = {"X_Forwarded_Host": "music.example", "Origin": "https://music.example"}
    trusted = {"allowed_hosts": ["music.example:8443"], "trusted_proxies": ["10.0.0.0/8"]}
    assert search(client(service, address="10.1.2.3", **trusted), **told) == 200
    assert search(client(service, address="192.0.2.1", **trusted), **told) == 403
    assert search(client(service, address="127.0.0.1", **trusted), **told) == 403
    assert search(client(service, address="127.0.0.1", allowed_hosts=["music.example:8443"]), **told) == 200


def test_a_page_with_a_name_of_its_own_for_this_machine_cannot_invent_another(service):
    """DNS rebinding: such a page may send any header but Host and Origin."""
    server = client(service, allowed_hosts=["music.example"])
    for name in ("music.example", "127.0.0.1", "localhost"):
        for told in (
            {"X-Forwarded-Host": name},
            {"Forwarded": f"host={name}"},
            {"X-Forwarded-Host": f"{name}, {name}"},
        ):
            answer = server.get(f"{API}/status", headers={"host": "evil.example:8765", **told})
            assert answer.status_code == 421, told
    for told in ({"X-Forwarded-Host": "evil.example"}, {"X-Forwarded-Host": "music.example, evil.example"},
                 {"Forwarded": "host=evil.example"}):  # fmt: skip
        assert server.get(f"{API}/status", headers=told).status_code == 421, told


def test_without_a_known_name_all_are_answered(service):
    """As at 0.0.0.0, where a token is required."""
    server = client(service, hosts=None, token=TOKEN)
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert search(server, Host="music.example", Origin="https://music.example:8443", **bearer) == 200
    assert search(server, Host="music.example:81", Origin="https://music.example:8443", **bearer) == 403


# Proxies


def test_the_client_is_the_last_one_that_a_trusted_proxy_tells():
    proxies = Proxies(["127.0.0.1", "10.0.0.0/8"])
    for chain, client in (
        (["203.0.113.7"], "203.0.113.7"),
        (["1.1.1.1", "203.0.113.7", "10.0.0.2"], "203.0.113.7"),
        (["10.9.9.9", "10.0.0.2"], "10.9.9.9"),
        (["[2001:db8::1]:4711"], "2001:db8::1"),
        (["203.0.113.7:4711", "::ffff:10.0.0.2"], "203.0.113.7"),
        (["unknown"], "unknown"),
        ([], None),
    ):
        assert proxies.client(chain) == client


@pytest.mark.parametrize("address", ["", "music.example", "*", "10.0.0.0/99", "1.2.3"])
def test_what_is_no_address_of_a_proxy_is_refused(address):
    with pytest.raises(UsageError, match="--trusted-proxy"):
        Proxies([address])


# The path


@pytest.mark.parametrize(("text", "path"), [("", ""), ("/", ""), ("lyrics", "/lyrics"), ("/a/b-c/", "/a/b-c")])
def test_a_root_path_is_normalised(text, path):
    assert check_root_path(text) == path


@pytest.mark.parametrize("text", ["/a/../b", "/a b", "/a?b", "/api", "/docs/x", "static", "/ä", "/a//b", "http://a"])
def test_what_is_no_root_path_is_refused(text):
    with pytest.raises(UsageError, match="--root-path"):
        check_root_path(text)


def test_the_path_may_arrive_with_or_without_the_root_path(service):
    server = client(service, root_path="/lyrics", token=TOKEN)
    for path in (f"{API}/status", f"/lyrics{API}/status"):
        assert server.get(path).status_code == 401, path
        assert server.get(path, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200, path
        assert server.get(path).json()["instance"] == f"/lyrics{API}/status"
    for path in ("/", "/lyrics/", "/static/icon.svg", "/lyrics/static/icon.svg", "/lyrics/docs", "/openapi.json"):
        assert server.get(path).status_code == 200, path
    for path in ("/lyricsx/", "/lyrics/lyrics/", "/lyrics//api/v1/status", "/lyrics/static/../guard.py"):
        assert server.get(f"http://127.0.0.1:8765{path}").status_code == 404, path
    assert server.get("/lyrics").headers["location"] == "lyrics/"
    assert server.get("/openapi.json").json()["servers"] == [{"url": "/lyrics"}]
    (cookie,) = server.post("/lyrics/login", data={"token": TOKEN}).headers.get_list("set-cookie")
    assert "path=/lyrics;" in cookie.lower()


@pytest.mark.parametrize(
    ("prefix", "root"),
    [("/lyrics", "/lyrics"), ("/lyrics/", "/lyrics"), ("//evil.example", ""), ("/a/../b", ""), ('/a"b', ""), ("/", "")],
)
def test_a_trusted_proxy_tells_the_path(service, prefix, root):
    told = client(service).get("/openapi.json", headers={"X-Forwarded-Prefix": prefix}).json()
    expected = [{"url": root}] if root else None
    if prefix == "//evil.example":
        expected = [{"url": "/evil.example"}]
    assert told.get("servers") == expected
    stranger = client(service, address="192.0.2.1").get("/openapi.json", headers={"X-Forwarded-Prefix": prefix}).json()
    assert "servers" not in stranger


def test_a_told_path_that_is_one_of_the_server_is_told_apart(service):
    answer = client(service).get(f"{API}/songs/999999", headers={"X-Forwarded-Prefix": "/api"})
    assert (answer.status_code, answer.json()["instance"]) == (404, f"/api{API}/songs/999999")


def test_the_cookie_is_for_https_where_the_page_is_at_https(service):
    server = client(service, token=TOKEN, allowed_hosts=["music.example"])
    for told, secure in (
        ({}, False),
        ({"Origin": "http://127.0.0.1:8765"}, False),
        ({"Origin": "https://music.example"}, True),
        ({"X-Forwarded-Proto": "https"}, True),
        ({"Forwarded": "proto=https"}, True),
    ):
        cookie = server.post("/login", data={"token": TOKEN}, headers=told).headers["set-cookie"].lower()
        assert ("secure" in cookie) is secure, told
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
