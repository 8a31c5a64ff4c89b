"""A part that another package brings: a few lines, registered, and every search has it."""

import json
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from tests.making import write_song

from alcca import Library
from alcca.cli.main import main
from alcca.search import parts
from alcca.search.part import Candidates, Evidence, Part
from alcca.server.application import create_app
from alcca.server.service import Service

# Songs are read in this process, where the processes are not what is tested.
pytestmark = pytest.mark.usefixtures("inline")


class Titles(Part):
    """Songs whose title has the words of a text."""

    name, title, takes = "titles", "the titles", "title"

    def __init__(self, store, catalogue, previous):
        self.titles = {song.id: set(song.title.lower().split()) for song in catalogue.summaries.values()}

    def lacks(self, query):
        return None if query.text else "a recording has no title"

    def among(self, query, allowed):
        return len(self.titles if allowed is None else allowed & self.titles.keys())

    def ask(self, query, reader, k, allowed):
        words = set(query.text.lower().split())
        shared = {song: 10.0 * len(words & title) for song, title in self.titles.items() if words & title}
        best = [song for song in sorted(shared, key=lambda song: -shared[song]) if allowed is None or song in allowed]

        def of(ids):
            scores = np.array([shared.get(song, np.nan) for song in ids.tolist()])
            return scores, np.nan_to_num(scores)

        return Candidates(np.array(best[:k], dtype=np.int64), of)

    def evidence(self, query, candidates, songs, reader):
        scores, _ = candidates.of(np.array([song.id for song in songs], dtype=np.int64))
        return [
            None if np.isnan(score) else Evidence(self.name, float(score), float(score), []) for score in scores
        ]  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A library of two songs, whose titles share no word with their lyrics."""
    for number, title in enumerate(("Ibex Quartet", "Zephyr Waltz")):
        write_song(tmp_path / "music" / f"{title}.wav", number, seconds=2)
    with Library(tmp_path / "library", progress=False) as library:
        library.add(tmp_path / "music")
    monkeypatch.setattr(parts, "PARTS", parts.PARTS.copy())
    monkeypatch.setattr("alcca.search.snapshot.PARTS", parts.PARTS)
    monkeypatch.setattr("alcca.server.search_schemas.PARTS", parts.PARTS)
    parts.register(Titles)
    return tmp_path / "library"


def test_python_finds_by_it_and_explains_it(folder):
    with Library(folder, progress=False) as library:
        hits = library.search(lyrics="zephyr")
        assert (hits[0].title, hits.asked) == ("Zephyr Waltz", ("words", "titles"))
        assert [(said.part, said.bits) for said in hits[0].evidence] == [("titles", 10.0)]
        assert [hit.title for hit in library.search(lyrics="ibex", by="titles")] == ["Ibex Quartet"]


def test_the_command_line_finds_by_it_and_explains_it(folder, capsys):
    assert main(["search", "--lyrics", "zephyr", "--by", "titles", "--library", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(hit["title"], hit["evidence"][0]["part"]) for hit in told["hits"]] == [("Zephyr Waltz", "titles")]
    assert main(["search", "--lyrics", "zephyr", "--by", "smell", "--library", str(folder)]) == 2
    assert "words, space, titles, or both" in capsys.readouterr().err


def test_the_server_finds_by_it_and_explains_it(folder):
    with Service(folder, 10**6) as service, TestClient(create_app(service), base_url="http://127.0.0.1") as client:
        asked = {"lyrics": "zephyr", "by": "titles", "explain": True}
        (hit,) = client.post("/api/v1/search/lyrics", json=asked).json()["hits"]
        assert (hit["song"]["title"], hit["evidence"][0]["title"]) == ("Zephyr Waltz", "the titles")
        # The page makes its choices and its explanations of these.
        assert [part["name"] for part in client.get("/api/v1/status").json()["parts"]] == ["words", "space", "titles"]
        schema = json.dumps(client.get("/openapi.json").json())
        assert '["words", "space", "titles", "both"]' in schema
