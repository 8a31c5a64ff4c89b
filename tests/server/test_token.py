"""Guessing a token gets slower and slower, for the one who guesses and for nobody else."""

import pytest
from starlette.testclient import TestClient

from alcca.server import token as tokens
from alcca.server.application import create_app
from alcca.server.token import COOKIE, FREE_GUESSES, LONGEST_WAIT, GuessedTooOftenError, Token

API = "/api/v1"
TOKEN = "a long random token"


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def token(clock):
    return Token(TOKEN, clock)


def guess(token, times, address="192.0.2.1"):
    for number in range(times):
        assert not token.accepts(f"wrong {number}", address)


def wait_of(token, address="192.0.2.1", given=TOKEN):
    """Seconds that an address has to wait; 0 if its token is looked at."""
    try:
        token.accepts(given, address)
    except GuessedTooOftenError as error:
        return error.seconds
    return 0


def test_some_mistakes_are_free(token):
    guess(token, FREE_GUESSES - 1)
    assert token.accepts(TOKEN, "192.0.2.1")


def test_a_right_token_makes_up_for_mistakes(token):
    for _ in range(5):
        guess(token, FREE_GUESSES - 1)
        assert token.accepts(TOKEN, "192.0.2.1")


def test_each_further_guess_doubles_the_wait_up_to_a_limit(token, clock):
    guess(token, FREE_GUESSES)
    waits = []
    for _ in range(12):
        waits.append(wait_of(token))
        clock.now += waits[-1]
        guess(token, 1)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert max(waits) == LONGEST_WAIT


def test_during_the_wait_no_token_is_looked_at(token, clock):
    guess(token, FREE_GUESSES)
    for given in ("wrong", TOKEN):
        assert wait_of(token, given=given) == 1
    clock.now += 0.9
    assert wait_of(token) == 1
    clock.now += 0.1
    assert token.accepts(TOKEN, "192.0.2.1")


def test_asking_during_the_wait_makes_it_no_longer(token, clock):
    guess(token, FREE_GUESSES)
    for _ in range(100):
        wait_of(token, given="wrong")
    clock.now += 1
    assert wait_of(token) == 0


def test_other_addresses_do_not_wait(token):
    guess(token, FREE_GUESSES)
    assert wait_of(token, "192.0.2.2") == 0
    assert wait_of(token, "2001:db8::1") == 0


def test_one_network_of_64_bits_is_one_client(token):
    for number in range(FREE_GUESSES):
        guess(token, 1, f"2001:db8:0:1::{number}")
    assert wait_of(token, "2001:db8:0:1:ffff::1") == 1
    assert wait_of(token, "2001:db8:0:2::1") == 0
    guess(token, FREE_GUESSES, "::ffff:192.0.2.9")
    assert wait_of(token, "::ffff:192.0.2.8") == 0


def test_who_guesses_no_more_is_forgotten(token, clock):
    guess(token, FREE_GUESSES)
    clock.now += tokens.SECONDS_TO_FORGET + 1
    guess(token, FREE_GUESSES - 1)
    assert token.accepts(TOKEN, "192.0.2.1")


def test_the_memory_of_addresses_has_a_limit(token, monkeypatch):
    monkeypatch.setattr(tokens, "MAX_ADDRESSES", 100)
    guess(token, FREE_GUESSES)
    for number in range(99):
        guess(token, 1, f"198.51.100.{number}")
    assert wait_of(token) == 1
    for number in range(1000):
        guess(token, 1, f"10.0.{number // 250}.{number % 250}")
    assert len(token._guesses) == 100


# Over HTTP


def connected(service, address, **options):
    return TestClient(create_app(service, token=TOKEN, **options), client=(address, 4711), follow_redirects=False)


@pytest.mark.parametrize("way", ["bearer", "form"])
def test_guessing_is_refused_with_the_time_to_wait(service, problem_of, way):
    client = connected(service, "192.0.2.1")

    def send(token):
        if way == "form":
            return client.post("/login", data={"token": token})
        return client.get(f"{API}/status", headers={"Authorization": f"Bearer {token}"})

    assert [send("wrong").status_code for _ in range(FREE_GUESSES)] == [401] * FREE_GUESSES
    for token in ("wrong", TOKEN):
        answer = send(token)
        assert "too many wrong tokens" in problem_of(answer, 429)
        assert answer.headers["retry-after"] == "1"
        assert "set-cookie" not in answer.headers


def test_guesses_at_the_form_and_at_the_api_count_together(service):
    client = connected(service, "192.0.2.1")
    for _ in range(FREE_GUESSES // 2):
        client.post("/login", data={"token": "wrong"})
        client.get(f"{API}/status", headers={"Authorization": "Bearer wrong"})
    assert client.post("/login", data={"token": TOKEN}).status_code == 429


def test_a_browser_that_has_logged_in_does_not_wait(service):
    """As behind a proxy that does not tell the address, where all have the same one."""
    client = connected(service, "192.0.2.1")
    client.post("/login", data={"token": TOKEN})
    for _ in range(FREE_GUESSES):
        client.get(f"{API}/status", headers={"Authorization": "Bearer wrong"})
    assert client.get(f"{API}/status").status_code == 200


def test_requests_without_a_token_and_with_an_old_cookie_are_no_guesses(service):
    client = connected(service, "192.0.2.1")
    for _ in range(3 * FREE_GUESSES):
        assert client.get(f"{API}/status").status_code == 401
        assert client.get(f"{API}/status", headers={"Cookie": f"{COOKIE}={'0' * 64}"}).status_code == 401
    assert client.post("/login", data={"token": TOKEN}).status_code == 303


def test_clients_behind_a_trusted_proxy_are_told_apart(service):
    client = connected(service, "127.0.0.1")

    def send(token, address):
        told = {"Authorization": f"Bearer {token}", "X-Forwarded-For": f"198.51.100.1, {address}"}
        return client.get(f"{API}/status", headers=told).status_code

    for _ in range(FREE_GUESSES):
        send("wrong", "192.0.2.1")
    assert send(TOKEN, "192.0.2.1") == 429
    assert send(TOKEN, "192.0.2.2") == 200


def test_a_client_cannot_invent_another_address(service):
    client = connected(service, "192.0.2.1")
    for number in range(FREE_GUESSES):
        told = {"Authorization": "Bearer wrong", "X-Forwarded-For": f"198.51.100.{number}"}
        client.get(f"{API}/status", headers=told)
    assert client.get(f"{API}/status", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 429


def test_one_of_several_cookies_is_enough(service):
    """A browser sends those of servers below other paths, and of other ports, too."""
    right = Token(TOKEN).cookie
    for cookies in (f"{COOKIE}=old; {COOKIE}={right}", f"{COOKIE}={right}; {COOKIE}=old", f"x=1;{COOKIE}={right}"):
        assert connected(service, "192.0.2.1").get(f"{API}/status", headers={"Cookie": cookies}).status_code == 200
