"""The API keeps what its description promises, whatever is sent to it."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from alcca.server.application import create_app

API = "/api/v1"
OPERATIONS = {
    "/search/audio": "post",
    "/search/audio/stream": "post",
    "/search/lyrics": "post",
    "/passages": "post",
    "/songs": "get",
    "/songs/{song}": "get",
    "/songs/{song}/lyrics": "get",
    "/songs/{song}/neighbours": "get",
    "/songs/{song}/audio": "get",
    "/map": "get",
    "/status": "get",
    "/evaluation": "get",
}


@pytest.fixture(scope="module")
def described(service):
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(service))


@pytest.mark.parametrize("path", OPERATIONS)
@pytest.mark.parametrize("mode", GenerationMode)
def test_every_operation_keeps_its_promise(described, path, mode):
    """With requests as described, and with requests that break the description somewhere.

    What is described may still be refused: a text of which no word is known, a recording that is none.
    """
    operation = described[f"{API}{path}"][OPERATIONS[path].upper()]
    if mode is GenerationMode.NEGATIVE and not (operation.query or operation.path_parameters or operation.body):
        pytest.skip("nothing is asked for, so nothing can be wrong")

    @settings(max_examples=50, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def keep(case):
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    keep()


def test_what_is_found_is_as_described(described, client, music_once):
    songs = client.get(f"{API}/songs").json()["songs"]
    number = next(song["id"] for song in songs if song["has_audio"] and song["has_lyrics"])
    query = client.post(f"{API}/search/lyrics", json={"lyrics": "river"}).json()["query"]
    one, like = {"song": number}, {"by": "lyrics", "k": 3}
    good = {
        "/search/audio": {
            "body": {"file": (music_once / "song 03.wav").read_bytes()},
            "media_type": "multipart/form-data",
            "query": {"label": "Folk"},
        },
        "/search/audio/stream": {
            "body": {"file": (music_once / "song 03.wav").read_bytes()},
            "media_type": "multipart/form-data",
            "query": {"by": "space", "explain": True},
        },
        "/search/lyrics": {
            "body": {"lyrics": "river", "artist": "Ada", "explain": True},
            "media_type": "application/json",
        },
        "/passages": {
            "body": {"query": query, "songs": [number], "lyrics": "river"},
            "media_type": "application/json",
        },
        "/songs": {"query": {"words": "river"}},
        "/songs/{song}": {"path_parameters": one},
        "/songs/{song}/lyrics": {"path_parameters": one, "query": {"format": "text"}},
        "/songs/{song}/neighbours": {"path_parameters": one, "query": like},
        "/songs/{song}/audio": {"path_parameters": one},
    }
    for path, method in OPERATIONS.items():
        answer = described[f"{API}{path}"][method.upper()].Case(**good.get(path, {})).call_and_validate()
        assert answer.status_code == 200, path


@pytest.fixture(scope="module")
def openapi(client):
    return client.get("/openapi.json").json()


def test_every_operation_is_described(openapi):
    assert {path: set(methods) for path, methods in openapi["paths"].items()} == {
        f"{API}{path}": {method} for path, method in OPERATIONS.items()
    }
    for methods in openapi["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["description"]


def test_every_error_is_described_as_a_problem(openapi):
    for methods in openapi["paths"].values():
        for operation in methods.values():
            errors = {status: told for status, told in operation["responses"].items() if status >= "400"}
            assert {"401", "403", "413", "421", "422"} <= set(errors)
            for told in errors.values():
                assert told["content"] == {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                }
    assert {"title", "status", "detail", "instance"} <= set(openapi["components"]["schemas"]["Problem"]["properties"])


def test_every_model_is_defined_and_used(openapi):
    text = json.dumps(openapi)
    for name in openapi["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in text, name
    for reference in set(text.split('"$ref": "#/components/schemas/')[1:]):
        assert reference.split('"')[0] in openapi["components"]["schemas"]


def test_the_examples_are_what_the_api_takes_and_gives(openapi, client):
    models = openapi["components"]["schemas"]
    (query,) = models["LyricsQuery"]["examples"]
    assert client.post(f"{API}/search/lyrics", json={**query, "lyrics": "river"}).status_code == 200
    (problem,) = models["Problem"]["examples"]
    assert set(problem) == set(client.get(f"{API}/songs/99999").json())
    (song,) = models["Song"]["examples"]
    assert set(song) == set(client.get(f"{API}/songs").json()["songs"][0])
    path = openapi["paths"][f"{API}/songs/{{song}}"]["get"]["parameters"][0]
    number = path.get("example") or path["schema"]["examples"][0]
    assert client.get(f"{API}/songs/{number}").status_code == 200
