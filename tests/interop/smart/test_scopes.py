"""A token does what it was granted, on every route and in every entry, and nothing else."""

from __future__ import annotations

from typing import Any

import httpx

from libs.events.contracts.interop import PatientRegistered
from libs.events.examples import interop as examples
from services.interop.fhir.capability import capability_statement
from services.interop.smart.scopes import SERVED, SUPPORTED, decide_scope, read_scope
from tests.harness import Harness
from tests.interop.fhir.asking import codes, send
from tests.interop.fhir.test_bad_bundles import CONDITION, ENCOUNTER, PATIENT
from tests.interop.smart.proving import ask, claims, error_of, form, sign, token

GRANTED = {
    "system/*.crus": "system/*.crus",
    "system/*.cruds": "system/*.cruds",
    "system/Patient.cruds": "system/Patient.crus",
    "system/Subscription.cruds": "system/Subscription.cruds",
    "system/ClaimResponse.cruds": "system/ClaimResponse.rs",
    "system/Patient.rs": "system/Patient.rs",
    "system/Patient.r system/Patient.s": "system/Patient.r system/Patient.s",
    "system/Patient.c system/Patient.c": "system/Patient.c",
    "system/Observation.rs system/Claim.c": "system/Claim.c",
    "openid launch system/Claim.c": "system/Claim.c",
    "system/Claim.ds": "system/Claim.s",
    "system/*.read": "system/*.read",
    "system/Claim.write system/Claim.*": "system/Claim.write system/Claim.*",
}
REFUSED = [
    "",
    " ",
    "system/Observation.rs",
    "system/Patient.d",
    "system/ClaimResponse.write",
    "system/Patient.",
    "system/Patient.sr",
    "system/Patient.rr",
    "system/Patient.R",
    "system/Patient.rs?identifier=1",
    "system/patient.rs",
    "system/.rs",
    "system/Patient",
    "patient/Patient.rs",
    "user/*.cruds",
    "offline_access",
    "system/*.crus\tsystem/Claim.c",
]


def test_what_is_granted_is_what_is_asked_for_and_a_connection_may_do() -> None:
    for asked, granted in GRANTED.items():
        assert decide_scope(asked) == granted
    for asked in REFUSED:
        assert not isinstance(decide_scope(asked), str), asked
    assert decide_scope(" ".join(SUPPORTED)) == " ".join(SUPPORTED)


def test_the_words_of_smart_1_mean_those_of_smart_2() -> None:
    assert read_scope("system/*.read") == read_scope("system/*.rs")
    assert read_scope("system/Claim.write") == read_scope("system/Claim.c system/Claim.u")
    assert read_scope("system/Claim.*") == read_scope("system/Claim.crus")
    assert read_scope("system/*.write") == read_scope("system/*.cud")


def test_scopes_are_of_what_the_capability_statement_states() -> None:
    letters = {"create": "c", "read": "r", "update": "u", "delete": "d", "search-type": "s"}
    [rest] = capability_statement("https://fhir.example", None)["rest"]
    stated = {
        one["type"]: sorted(letters[interaction["code"]] for interaction in one["interaction"])
        for one in rest["resource"]
    }
    served = {kind: sorted(told) for kind, told in SERVED.items() if kind != "*"}
    assert served == stated


async def test_a_scope_that_grants_nothing_is_refused_and_a_narrowed_one_is_told(
    interop: Harness, client: None
) -> None:
    for asked in ("system/Observation.rs", "system/Patient.rs?identifier=SECRET"):
        answer = await ask(interop, form(sign(claims(interop)), asked))
        assert error_of(answer) == "invalid_scope"
        assert "SECRET" not in answer.text
    answer = await ask(interop, form(sign(claims(interop)), "system/Claim.cruds openid"))
    assert answer.json()["scope"] == "system/Claim.crus"


OBSERVATION = {"resourceType": "Observation", "id": "o1", "status": "final", "code": {}}
QUERY = "identifier=1001"
ROUTES: list[tuple[str, str, str, Any, dict[str, str]]] = [
    ("r", "GET", "/Patient/p1", None, {}),
    ("s", "GET", "/Patient", None, {}),
    ("s", "GET", f"/Patient?{QUERY}", None, {}),
    ("c", "POST", "/Patient", PATIENT, {}),
    ("u", "PUT", "/Patient/p1", PATIENT, {}),
    ("cs", "POST", "/Patient", PATIENT, {"if_none_exist": QUERY}),
    ("cs", "POST", f"/Patient?{QUERY}", PATIENT, {}),
    ("us", "PUT", f"/Patient?{QUERY}", PATIENT, {}),
]
"""What each needs of the type."""


async def test_every_route_needs_its_letters(interop: Harness, key: str, client: None) -> None:
    assert (await send(interop, key, "POST", "/Patient", PATIENT)).status_code == 201
    for letters, method, path, body, headers in ROUTES:
        enough = await token(interop, f"system/Patient.{letters}")
        answer = await send(interop, enough, method, path, body, **headers)
        assert answer.is_success, (letters, method, path, answer.text)
        for letter in letters:
            others = "".join(one for one in "crus" if one != letter)
            short = await token(interop, f"system/Patient.{others} system/Encounter.crus")
            answer = await send(interop, short, method, path, body, **headers)
            _is_not_granted(answer, f"system/Patient.{letter}")


SUBSCRIBED: list[tuple[list[str], str, str, Any]] = [
    (["ClaimResponse.r"], "GET", "/ClaimResponse/x", None),
    (["ClaimResponse.s"], "GET", "/ClaimResponse", None),
    (["Subscription.c", "ClaimResponse.r"], "POST", "/Subscription", {}),
    (["Subscription.u", "ClaimResponse.r"], "PUT", "/Subscription/x", {}),
    (["Subscription.d"], "DELETE", "/Subscription/x", None),
    (["Subscription.r"], "GET", "/Subscription/x", None),
    (["Subscription.s"], "GET", "/Subscription", None),
    (["Subscription.s"], "GET", "/Subscription/$status", None),
    (["Subscription.r"], "GET", "/Subscription/x/$status", None),
    (["Subscription.r", "ClaimResponse.r"], "GET", "/Subscription/x/$events", None),
]
"""Who subscribes is told of claims, and must be granted to read them."""


async def test_what_comes_back_needs_its_letters(interop: Harness, client: None) -> None:
    every = {f"{kind}.{one}" for kind in ("Subscription", "ClaimResponse") for one in SERVED[kind]}
    for needed, method, path, body in SUBSCRIBED:
        enough = await token(interop, " ".join(f"system/{one}" for one in needed))
        answer = await send(interop, enough, method, path, body)
        assert answer.status_code in (200, 204, 404, 422), (method, path, answer.text)
        for one in needed:
            others = " ".join(f"system/{other}" for other in sorted(every - {one}))
            answer = await send(interop, await token(interop, others), method, path, body)
            _is_not_granted(answer, f"system/{one}")


async def test_what_was_not_granted_is_not_kept(interop: Harness, client: None) -> None:
    reads = await token(interop, "system/*.rs")
    for path, body in (
        ("/Patient", PATIENT),
        ("/Patient", b"{"),
        ("/Patient", PATIENT | {"gender": "nothing"}),
        ("", _bundle("transaction", PATIENT)),
        ("", b"{"),
        ("/", _bundle("transaction", OBSERVATION)),
        ("/$process-message", _bundle("message", PATIENT)),
    ):
        _is_not_granted(await send(interop, reads, "POST", path, body))
    assert await _kept(interop) == []
    assert await interop.published(PatientRegistered) == []


async def test_a_transaction_is_taken_where_every_entry_is_granted(
    interop: Harness, client: None
) -> None:
    bundle = _bundle("transaction", PATIENT, ENCOUNTER, CONDITION)
    short = await token(interop, "system/Patient.crus system/Condition.crus system/Encounter.rs")
    answer = await send(interop, short, "POST", "", bundle)
    _is_not_granted(answer, "system/Encounter.u")
    assert answer.json()["issue"][0]["expression"] == ["Bundle.entry[1].resource"]
    assert await _kept(interop) == []
    updates = await token(interop, "system/Patient.u system/Condition.u system/Encounter.u")
    assert (await send(interop, updates, "POST", "", bundle)).status_code == 200
    creates = _bundle("transaction", PATIENT, ENCOUNTER, CONDITION, method="POST")
    _is_not_granted(await send(interop, updates, "POST", "", creates), "system/Patient.c")


async def test_each_entry_of_a_batch_is_granted_on_its_own(interop: Harness, client: None) -> None:
    some = await token(interop, "system/Patient.u")
    answer = await send(interop, some, "POST", "", _bundle("batch", PATIENT, ENCOUNTER))
    assert answer.status_code == 200
    taken, refused = [entry["response"] for entry in answer.json()["entry"]]
    assert taken["status"].startswith("201")
    assert refused["status"] == "403 Forbidden"
    [issue] = refused["outcome"]["issue"]
    assert issue["details"]["coding"] == [{"code": "insufficient_scope"}]
    assert [row["type"] for row in await _kept(interop)] == ["Patient"]


async def test_what_a_bundle_reads_needs_its_letter_too(
    interop: Harness, key: str, client: None
) -> None:
    await send(interop, key, "POST", "/Patient", PATIENT)
    reads = [{"method": "GET", "url": "Patient/p1"}, {"method": "GET", "url": "Patient"}]
    both = {"resourceType": "Bundle", "entry": [{"request": one} for one in reads]}
    for kind in ("transaction", "batch"):
        enough = await token(interop, "system/Patient.rs")
        answer = await send(interop, enough, "POST", "", both | {"type": kind})
        found = [entry["resource"]["resourceType"] for entry in answer.json()["entry"]]
        assert found == ["Patient", "Bundle"]
    for scope, needed in (("system/Patient.r", ".s"), ("system/Patient.cus", ".r")):
        short = await token(interop, scope)
        answer = await send(interop, short, "POST", "", both | {"type": "transaction"})
        _is_not_granted(answer, f"system/Patient{needed}")
        answer = await send(interop, short, "POST", "", both | {"type": "batch"})
        statuses = [entry["response"]["status"][:3] for entry in answer.json()["entry"]]
        assert statuses == (["200", "403"] if needed == ".s" else ["403", "200"])
    writes = {"resource": PATIENT, "request": {"method": "PUT", "url": "Patient/p1"}}
    mixed = both | {"type": "transaction", "entry": [*both["entry"], writes]}
    _is_not_granted(await send(interop, enough, "POST", "", mixed), "system/Patient.u")
    all_of_it = await token(interop, "system/Patient.rus")
    assert (await send(interop, all_of_it, "POST", "", mixed)).status_code == 200
    assert [row["fate"] for row in await _kept(interop)] == ["accepted", "accepted"]


async def test_a_message_creates_and_updates(interop: Harness, client: None) -> None:
    message = _bundle("message", PATIENT)
    for scope in ("system/Patient.c", "system/Patient.u"):
        _is_not_granted(await send(interop, await token(interop, scope), "POST", "", message))
    both = await token(interop, "system/Patient.cu")
    assert (await send(interop, both, "POST", "", message)).status_code == 200


async def test_to_create_what_is_there_already_is_to_update_it(
    interop: Harness, client: None
) -> None:
    creates = await token(interop, "system/Patient.c")
    assert (await send(interop, creates, "POST", "/Patient", PATIENT)).status_code == 201
    assert (await send(interop, creates, "POST", "/Patient", PATIENT)).status_code == 201
    other = PATIENT | {"gender": "male"}
    _is_not_granted(await send(interop, creates, "POST", "/Patient", other), "system/Patient.u")
    updates = await token(interop, "system/Patient.cu")
    assert (await send(interop, updates, "POST", "/Patient", other)).is_success


async def test_what_is_passed_over_needs_no_scope(interop: Harness, client: None) -> None:
    bundle = _bundle("transaction", PATIENT, OBSERVATION)
    some = await token(interop, "system/Patient.u")
    assert (await send(interop, some, "POST", "", bundle)).status_code == 200


async def test_anybody_known_may_have_a_resource_checked(interop: Harness, client: None) -> None:
    some = await token(interop, "system/Claim.r")
    answer = await send(interop, some, "POST", "/Patient/$validate", PATIENT)
    assert answer.status_code == 200
    assert await _kept(interop) == []


def _bundle(kind: str, *resources: dict[str, Any], method: str = "PUT") -> dict[str, Any]:
    entries: list[dict[str, Any]] = []
    if kind == "message":
        header = {
            "resourceType": "MessageHeader",
            "id": "h1",
            "eventUri": "urn:example:admit",
            "source": {"endpoint": "urn:example:ehr"},
        }
        entries.append({"fullUrl": "urn:example:h1", "resource": header})
    for one in resources:
        path = one["resourceType"] if method == "POST" else f"{one['resourceType']}/{one['id']}"
        entries.append({"resource": one} | {"request": {"method": method, "url": path}})
    if kind == "message":
        entries = [{k: v for k, v in one.items() if k != "request"} for one in entries]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def _is_not_granted(answer: httpx.Response, *needed: str) -> None:
    assert answer.status_code == 403, answer.text
    assert set(codes(answer)) == {"insufficient_scope"}
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'
    for one in needed:
        assert one in answer.json()["issue"][0]["details"]["text"]


async def _kept(interop: Harness) -> list[Any]:
    """The messages that were kept, whatever became of them."""
    async with interop.uow(examples.PRACTICE) as uow:
        return await uow.db.fetch("SELECT type, fate FROM message ORDER BY received_at")
