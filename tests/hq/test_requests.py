"""Who may ask what: signatures, age, replay, revocation, allowances, sizes; and what a refusal looks like."""

from __future__ import annotations

import pytest
import zstandard

from posapp.calls import HelloAnswer, HelloRequest, Page, UnsealAnswer, UnsealRequest
from posapp.clock import MINUTE, SimulatedClock
from posapp.errors import PosError
from posapp.hq import enrol
from posapp.hq.limits import Bucket, Buckets
from posapp.hq.tables import nonce, till, till_key, till_status
from posapp.keys import HqKeys, seal, unseal
from posapp.messages import LARGEST_REQUEST
from tests.hq.shop import Refused, Shop, TestClock, on_sqlite


def refused(ask: object) -> tuple[int, str]:
    with pytest.raises(Refused) as error:
        ask()  # type: ignore[operator]
    return error.value.status, error.value.code


@on_sqlite
def test_health_needs_no_signature_and_says_nothing(shop: Shop) -> None:
    response = shop.client.get("/v1/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_request_works_once(shop: Shop) -> None:
    till = shop.till()
    request = till.signed("GET", "/v1/feed/keys?cursor=&limit=10")
    till.send(request, Page)
    assert refused(lambda: till.send(request, Page)) == (401, "replayed")


def test_the_same_nonce_from_another_till_is_another_nonce(shop: Shop) -> None:
    one, two = shop.till(), shop.till()
    for each in (one, two):
        each.call("GET", "/v1/feed/keys", Page, nonce=b"0123456789ab")
    assert refused(lambda: one.call("GET", "/v1/feed/staff", Page, nonce=b"0123456789ab")) == (401, "replayed")


@on_sqlite
@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_that_is_far_off_is_told_the_time(shop: Shop, minutes: int) -> None:
    till = shop.till()
    now = shop.clock.now + minutes * MINUTE
    with pytest.raises(Refused) as error:
        till.call("GET", "/v1/feed/keys", Page, now=now)
    assert (error.value.status, error.value.code) == (401, "clock_skew")
    assert error.value.values["server"] == str(shop.clock.now)
    till.call("GET", "/v1/feed/keys", Page, now=int(error.value.values["server"]))


@on_sqlite
def test_a_simulated_clock_goes_forward_with_the_tills(database: object, keys: HqKeys) -> None:
    clock = SimulatedClock(1_000_000)
    with Shop(database, keys, clock) as shop:  # type: ignore[arg-type]
        till = shop.till()
        till.call("GET", "/v1/feed/keys", Page, now=1_795_312_345_678)
        assert clock.now_ms() == 1_795_312_345_000
        till.call("GET", "/v1/feed/keys", Page, now=1_000_000_000)
        assert clock.now_ms() == 1_795_312_345_000


@on_sqlite
def test_a_changed_request_is_refused(shop: Shop) -> None:
    till = shop.till()
    hello = HelloRequest(1, "p", "b", [], shop.clock.now, 0)
    for change in ("url", "method", "body", "certificate"):
        request = till.signed("POST", "/v1/hello", b"{}")
        if change == "url":
            request.url += "?x=1"
        elif change == "method":
            request.method = "PUT"
        elif change == "body":
            request.body = b"[]"
        else:
            other = shop.till()
            request.headers["X-Posapp-Certificate"] = other.signed("GET", "/").headers["X-Posapp-Certificate"]
        assert refused(lambda: till.send(request, HelloAnswer))[1] in ("bad_signature", "bad_request")  # noqa: B023
    till.call("POST", "/v1/hello", HelloAnswer, hello)


@on_sqlite
def test_a_certificate_of_another_hq_is_refused(shop: Shop, keys: HqKeys) -> None:
    till = shop.till()
    till.certificate = HqKeys.fresh(till.chance).issue(till.certificate)
    assert refused(lambda: till.call("GET", "/v1/feed/keys", Page)) == (401, "bad_certificate")
    assert shop.client.get("/v1/feed/keys").status_code == 401


def test_a_revoked_computer_is_shut_out_and_its_successor_is_not(shop: Shop) -> None:
    old = shop.till(1)
    enrol.revoke(shop.database, 1, 1)
    assert refused(lambda: old.call("GET", "/v1/feed/keys", Page)) == (403, "revoked")
    new = shop.till(1)
    new.call("GET", "/v1/feed/keys", Page)
    assert refused(lambda: old.push("A" * 22, [])) == (403, "revoked")


def test_a_till_that_a_restored_database_does_not_know_is_taken_up(shop: Shop) -> None:
    known = shop.till()
    journal = known.journal()
    journal.sale(100)
    with shop.database.transaction() as conn:
        for table in (till_key, till):
            conn.execute(table.delete())
    assert known.push(journal.jid, journal.entries).status == "ok"
    assert [(row["store"], row["till"], row["serial"]) for row in shop.rows(till)] == [(1, 1, 1)]
    assert len(shop.rows(till_key)) == 2


def test_old_nonces_are_forgotten(shop: Shop) -> None:
    till = shop.till()
    till.page("keys")
    shop.clock.now += 20 * MINUTE
    till.page("keys")
    assert len(shop.rows(nonce)) == 1


@on_sqlite
def test_requests_have_an_allowance(shop: Shop) -> None:
    one, two = shop.till(), shop.till()
    shop.app.state.hq.requests = Buckets(burst=5, every_ms=1_000)
    for _ in range(5):
        one.page("keys", limit=1)
    with pytest.raises(Refused) as error:
        one.page("keys")
    assert (error.value.status, error.value.code) == (429, "too_many")
    assert int(error.value.headers["retry-after"]) >= 1
    two.page("keys")
    one.push("A" * 22, [])
    shop.clock.now += 1000 * int(error.value.headers["retry-after"])
    one.page("keys")


@on_sqlite
def test_large_bodies_are_refused_before_they_are_read(shop: Shop) -> None:
    till = shop.till()
    limits = {"/v1/hello": 256 << 10, "/v1/enrol": 16 << 10, f"/v1/journals/{'A' * 22}/entries": LARGEST_REQUEST}
    for path, most in limits.items():
        assert refused(lambda: till.send(till.signed("POST", path, bytes(most + 1)), Page)) == (413, "too_large")  # noqa: B023

    def endless() -> object:
        yield from (bytes(1 << 16) for _ in range(1000))

    response = shop.client.post("/v1/enrol", content=endless())  # type: ignore[arg-type]
    assert response.status_code == 413


@on_sqlite
def test_a_small_push_that_unpacks_large_is_refused(shop: Shop) -> None:
    till = shop.till()
    bomb = zstandard.compress(bytes(LARGEST_REQUEST + 1))
    path = f"/v1/journals/{'A' * 22}/entries"
    assert refused(lambda: till.send(till.signed("POST", path, bomb), Page)) == (413, "too_large")


@on_sqlite
def test_whatever_is_asked_a_refusal_is_one_of_ours(shop: Shop) -> None:
    till = shop.till()
    for method, path, body in (
        ("GET", "/", b""),
        ("GET", "/v1/nothing", b""),
        ("DELETE", "/v1/hello", b""),
        ("GET", "/v1/feed/keys?limit=many", b""),
        ("GET", "/v1/feed/secrets", b""),
        ("GET", f"/v1/journals/{'A' * 22}/hashes/one", b""),
        ("POST", "/v1/hello", b"{"),
        ("POST", "/v1/hello", b'{"protocol":1}'),
        ("POST", "/v1/hello", b"[" * 10_000),
        ("POST", "/v1/live/unseal", b'{"box":"!"}'),
        ("POST", "/v1/enrol", b"\xff"),
        ("POST", "/v1/enrol", b"{}"),
    ):
        status, code = refused(lambda: till.send(till.signed(method, path, body), Page))  # noqa: B023
        assert status in (400, 401, 403, 404, 405), (method, path)
        assert code in ("bad_request", "not_found", "bad_box", "bad_code")


@on_sqlite
def test_a_bug_or_a_lost_database_is_told_as_hq_failed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from starlette.testclient import TestClient

    till = shop.till()
    till.client = TestClient(shop.app, raise_server_exceptions=False)
    monkeypatch.setattr("posapp.hq.feed.read_page", lambda *_: 1 / 0)
    assert refused(lambda: till.page("keys")) == (500, "hq_failed")


def test_hello_keeps_the_tills_state(shop: Shop) -> None:
    till = shop.till()
    till.hello([], unsent=3, oldest_unsent=123, wall=shop.clock.now + 2_500)
    (row,) = shop.rows(till_status)
    assert (row["unsent"], row["oldest_unsent"], row["wall_ahead"]) == (3, 123, 2_500)
    assert (row["contact"], row["program"]) == (shop.clock.now, "test 1")
    assert refused(lambda: till.hello([], wall=1 << 70)) == (400, "bad_request")


@on_sqlite
def test_a_backups_key_is_opened_for_its_own_till_only(shop: Shop) -> None:
    one, two = shop.till(), shop.till()
    told = one.stream("keys")
    box = seal(b"the file's key", told["chain", "box"]["public"], "backup S1 T1")
    answer = one.call("POST", "/v1/live/unseal", UnsealAnswer, UnsealRequest(box))
    assert unseal(answer.box, one.keys.box_key, "restore") == b"the file's key"
    assert refused(lambda: two.call("POST", "/v1/live/unseal", UnsealAnswer, UnsealRequest(box))) == (
        400,
        "bad_box",
    )


def test_an_allowance_refills_with_time() -> None:
    clock = TestClock(0)
    bucket = Bucket(burst=2, every_ms=1_000)
    bucket.take(clock)
    bucket.take(clock)
    with pytest.raises(PosError, match="too_many"):
        bucket.take(clock)
    clock.now = 1_000
    bucket.take(clock)
    with pytest.raises(PosError, match="too_many"):
        bucket.take(clock)
    many = Buckets(burst=1, every_ms=1_000, most=3)
    for name in "abcd":
        many.take(name, clock)
    many.take("a", clock)  # forgotten, so new
    with pytest.raises(PosError, match="too_many"):
        many.take("d", clock)
