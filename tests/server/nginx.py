"""A real nginx before servers of this process, with a certificate of its own, and a client that trusts it."""

import contextlib
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

NAME = "music.example"
DOCS = Path(__file__).parents[2] / "docs" / "serving.md"
SECONDS_TO_START = 30


def nginx_or_skip() -> str:
    """The path of nginx; the test skips without it, and fails without it where CI is set."""
    # Debian keeps it where only root looks.
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None or shutil.which("openssl") is None:
        reason = "no nginx or no openssl is installed; Debian's packages are called nginx-light and openssl"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def documented_headers() -> str:
    """The lines of the docs that let nginx tell the server how it is addressed."""
    (block,) = re.findall(r"```nginx\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    return " ".join(re.findall(r"proxy_set_header [^;]+;", block))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def certificate(folder: Path) -> None:
    """``cert.pem`` and ``key.pem`` for `NAME`, signed by itself."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip


HEAD = """
daemon off;
{user}
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem;
"""


@contextlib.contextmanager
def nginx(folder: Path, places: Mapping[str, str]) -> Iterator[dict[str, int]]:
    """The HTTPS ports of one nginx, one for each of ``places``, which are what stands in a block ``server``."""
    program = nginx_or_skip()
    certificate(folder)
    ports = {name: free_port() for name in places}
    blocks = "".join(f"server {{ listen 127.0.0.1:{ports[name]} ssl; {place} }}\n" for name, place in places.items())
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(HEAD.format(folder=folder, user=user) + blocks + "}\n")
    process = subprocess.Popen([program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"])
    try:
        for port in ports.values():
            _wait_for(port, process, folder / "error.log")
        yield ports
    finally:
        process.terminate()
        process.wait(SECONDS_TO_START)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(10 * SECONDS_TO_START):
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    pytest.fail(f"nginx does not listen: {log.read_text()}")


@dataclass
class Answer:
    """One answer, with the names of its headers in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Browser:
    """What a browser does for a page at https://music.example:PORT/PATH/: origin, cookies and relative addresses."""

    port: int
    path: str
    certificate: Path
    cookies: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"https://{NAME}:{self.port}"

    def connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.certificate))
        connection = http.client.HTTPSConnection(NAME, self.port, timeout=SECONDS_TO_START, context=context)
        # The name is in no DNS.
        connection._create_connection = lambda _, *rest: socket.create_connection(  # type: ignore[attr-defined]
            ("127.0.0.1", self.port), SECONDS_TO_START
        )
        return connection

    def headers(self, path: str, method: str) -> dict[str, str]:
        cookies = [f"{name}={value}" for name, (value, below) in self.cookies.items() if path.startswith(below)]
        told = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
        if method not in ("GET", "HEAD"):
            told["Origin"] = self.origin
        return told | ({"Cookie": "; ".join(cookies)} if cookies else {})

    def ask(self, address: str = "", method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """Ask for an address relative to the page."""
        path = f"{self.path}{address}"
        connection = self.connect()
        try:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {**self.headers(path, method), **given})
            answer = connection.getresponse()
            found = Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()
        if (cookie := re.match(r"(\w+)=(\w+);(.*)", found.headers.get("set-cookie", ""))) is not None:
            attributes = dict(part.strip().partition("=")[::2] for part in cookie[3].split(";"))
            assert "Secure" in attributes, "the page is at https"
            self.cookies[cookie[1]] = cookie[2], attributes["Path"]
        return found
