"""The verb ``serve``: it starts, says where, and ends; or says in one line why it cannot."""

import json
import socket
import stat
import urllib.error
import urllib.request

import pytest

from alcca.cli.main import main
from alcca.server.listener import listen_at

API = "/api/v1"


@pytest.fixture
def run(capsys, monkeypatch):
    """The verb's exit code and what it says, of a call that does not come to serve."""

    def served(*arguments, **options):
        raise AssertionError("it serves")

    monkeypatch.setattr("uvicorn.Server.run", served)

    def call(*arguments):
        code = main(["serve", *map(str, arguments)])
        told = capsys.readouterr()
        assert told.out == ""
        return code, told.err

    return call


def one_line(said):
    assert said.startswith("alcca: ")
    assert said.count("\n") == 1
    return said


def test_a_server_says_where_it_is_and_answers_there(served):
    assert served.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(f"{served}{API}/status") as answer:
        assert json.load(answer)["songs"] == 32
        assert answer.headers["Content-Type"] == "application/json"
    with urllib.request.urlopen(f"{served}/") as answer:
        assert answer.headers["Content-Type"].startswith("text/html")


def test_a_library_that_is_not_there_is_one_line(run, tmp_path):
    code, said = run("--library", tmp_path / "nothing", "--port", 0)
    assert code == 1
    assert "nothing" in one_line(said)
    assert "alcca add" in said
    assert not (tmp_path / "nothing").exists()


def test_a_port_in_use_is_one_line(run, shelf_once):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, said = run("--library", shelf_once, "--port", taken.getsockname()[1])
    assert code == 2
    assert "--port" in one_line(said)


@pytest.mark.parametrize("port", [-1, 65_536, 10**9])
def test_a_port_that_cannot_be_is_one_line(run, shelf_once, port):
    code, said = run("--library", shelf_once, f"--port={port}")
    assert code == 2
    assert str(port) in one_line(said)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_another_host_needs_a_token(run, shelf_once, host, monkeypatch):
    for token in (None, ""):
        if token is not None:
            monkeypatch.setenv("ALCCA_TOKEN", token)
        code, said = run("--library", shelf_once, "--host", host, "--port", 0)
        assert code == 2
        assert "--token" in one_line(said)
        assert host in said


def test_an_empty_token_is_none(run, shelf_once):
    code, said = run("--library", shelf_once, "--host", "0.0.0.0", "--port", 0, "--token", " ")
    assert code == 2
    assert "token" in one_line(said)


@pytest.mark.parametrize("size", ["0", "-1", "nan", "inf", "10000"])
def test_an_upload_limit_that_cannot_be_is_one_line(run, shelf_once, size):
    code, said = run("--library", shelf_once, "--port", 0, f"--max-upload={size}")
    assert code == 2
    assert "--max-upload" in one_line(said)


@pytest.mark.parametrize(
    ("option", "value"),
    [("--allowed-host", "https://music.example"), ("--allowed-host", "*"), ("--root-path", "/api"),
     ("--root-path", "a b"), ("--trusted-proxy", "music.example"), ("--trusted-proxy", "*")],
)  # fmt: skip
def test_an_option_for_a_proxy_that_cannot_be_is_one_line(run, shelf_once, option, value):
    code, said = run("--library", shelf_once, "--port", 0, option, value)
    assert code == 2
    assert option in one_line(said)
    assert value in said


def test_a_server_behind_a_proxy_knows_its_name_and_path(shelf_once, serving):
    options = ("--allowed-host", "music.example", "--allowed-host", "*.home.arpa", "--root-path", "lyrics/",
               "--trusted-proxy", "127.0.0.0/8")  # fmt: skip
    with serving(shelf_once, *options) as server:
        assert server.address.endswith(str(server.port))
        for host, path, expected in (
            ("music.example", "/lyrics/", 200),
            ("nas.home.arpa:8443", f"{API}/status", 200),
            ("127.0.0.1", f"/lyrics{API}/status", 200),
            ("evil.example", "/lyrics/", 421),
        ):
            assert server.ask("GET", path, headers={"Host": host})[0] == expected, host
        told = {"Origin": "https://music.example:8443", "Content-Type": "application/json"}
        query = b'{"lyrics": "river"}'
        assert server.ask("POST", f"{API}/search/lyrics", query, told)[0] == 200
        assert server.ask("POST", f"{API}/search/lyrics", query, {**told, "X-Forwarded-Proto": "http"})[0] == 403


def test_all_hosts_with_names_answer_to_these_only(shelf_once, serving):
    with serving(shelf_once, "--host", "0.0.0.0", "--token", "secret", "--allowed-host", "music.example") as server:
        assert server.ask("GET", "/", headers={"Host": "music.example"})[0] == 200
        assert server.ask("GET", "/", headers={"Host": "evil.example"})[0] == 421
        assert server.ask("GET", "/")[0] == 200


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")
class TestUnixSocket:
    def test_a_unix_socket_is_bound_and_removed(self, shelf_once, tmp_path, monkeypatch, capsys):
        path, bound = tmp_path / "alcca.sock", []

        def run(_, sockets):
            bound.append((sockets[0].getsockname(), stat.S_IMODE(path.stat().st_mode)))

        monkeypatch.setattr("uvicorn.Server.run", run)
        assert main(["serve", "--library", str(shelf_once), "--uds", str(path)]) == 0
        assert bound == [(str(path), 0o666)]
        assert f"unix:{path}" in capsys.readouterr().out
        assert not path.exists()

    def test_a_socket_that_a_killed_server_has_left_is_replaced(self, tmp_path):
        path = tmp_path / "alcca.sock"
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
        with listen_at(path) as listener, socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            assert listener.getsockname() == str(path)

    def test_a_socket_of_a_server_that_runs_is_left_alone(self, run, shelf_once, tmp_path):
        path = tmp_path / "alcca.sock"
        with listen_at(path):
            code, said = run("--library", shelf_once, "--uds", path)
            assert code == 2
            assert "another server" in one_line(said)
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))

    def test_a_socket_that_another_server_has_put_in_its_place_is_left_alone(self, tmp_path):
        path = tmp_path / "alcca.sock"
        with listen_at(path), socket.socket(socket.AF_UNIX) as other:
            path.unlink()
            other.bind(str(path))
        assert path.exists()

    def test_a_file_is_left_alone(self, run, shelf_once, tmp_path):
        (tmp_path / "file").write_text("mine")
        code, said = run("--library", shelf_once, "--uds", tmp_path / "file")
        assert code == 2
        assert "no socket" in one_line(said)
        assert (tmp_path / "file").read_text() == "mine"

    def test_a_folder_that_is_not_there_is_one_line(self, run, shelf_once, tmp_path):
        code, said = run("--library", shelf_once, "--uds", tmp_path / "nothing" / "alcca.sock")
        assert code == 2
        assert "--uds" in one_line(said)


def test_every_host_with_a_token_asks_for_it(shelf_once, serving):
    with serving(shelf_once, "--host", "0.0.0.0", "--token", "secret") as server:
        status, headers, body = server.ask("GET", f"{API}/status")
        assert (status, headers["www-authenticate"]) == (401, "Bearer")
        assert json.loads(body)["status"] == 401
        # Its own names are not known here: it has as many as its machine has networks.
        with_token = {"Authorization": "Bearer secret", "Host": "music.example"}
        assert server.ask("GET", f"{API}/status", headers=with_token)[0] == 200
        assert server.ask("GET", "/")[0] == 200


def test_the_token_may_come_from_the_environment(shelf_once, serving, monkeypatch):
    monkeypatch.setenv("ALCCA_TOKEN", "secret")
    with serving(shelf_once, "--api-only") as server:
        assert server.ask("GET", f"{API}/status")[0] == 401
        assert server.ask("GET", f"{API}/status", headers={"Authorization": "Bearer secret"})[0] == 200
        assert server.ask("GET", "/")[0] == 404
        assert server.ask("GET", "/docs")[0] == 200


def test_a_local_server_knows_its_names(served):
    port = int(served.rpartition(":")[2])
    for host, expected in (("evil.example", 421), (f"localhost:{port}", 200), (f"127.0.0.1:{port}", 200)):
        request = urllib.request.Request(f"{served}{API}/status", headers={"Host": host})
        try:
            with urllib.request.urlopen(request) as answer:
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
            error.close()
        assert status == expected, host
