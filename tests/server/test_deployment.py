"""The files in deploy/ start the server as it is."""

import configparser
import re
import shlex
from pathlib import Path

import pytest

from alcca.cli.arguments import make_parser
from alcca.cli.main import VERBS

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_the_service_calls_serve_with_options_that_there_are():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(DEPLOY / "alcca.service", encoding="utf-8")
    program, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert program.endswith("/alcca")
    options = make_parser(VERBS).parse_args(arguments)
    assert options.run is VERBS["serve"]
    # The folders that systemd makes are those that the options name.
    assert options.uds.is_relative_to(f"/run/{unit['Service']['RuntimeDirectory']}")
    assert options.library.is_relative_to(f"/var/lib/{unit['Service']['StateDirectory']}")
    assert unit["Service"]["ProtectSystem"] == "strict"


def test_the_container_calls_serve_and_copies_what_it_needs():
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    (entry,), (command,) = re.findall(r"^ENTRYPOINT (.*)$", text, re.M), re.findall(r"^CMD (.*)$", text, re.M)
    assert entry == '["alcca"]'
    options = make_parser(VERBS).parse_args(re.findall(r'"([^"]*)"', command))
    assert (options.run, options.host) == (VERBS["serve"], "0.0.0.0")
    root = DEPLOY.parent
    for line in re.findall(r"^COPY (.*)$", text, re.M):
        for name in line.split()[:-1]:
            assert (root / name).exists(), name
    extras = re.search(r"'\.\[(.*)\]'", text)
    assert extras is not None
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    for extra in extras[1].split(","):
        assert re.search(rf"^{extra} = \[", project, re.M), extra


@pytest.mark.parametrize("name", ["alcca.service", "Containerfile"])
def test_the_docs_name_them(name):
    assert f"deploy/{name}" in (DEPLOY.parent / "docs" / "serving.md").read_text(encoding="utf-8")
