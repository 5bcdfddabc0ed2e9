"""Why payers refuse, what comes back, and which rules would have known: to the cent."""

from __future__ import annotations

from datetime import date

from libs.events.contracts.billing_denials import RuleProposed
from tests.billing.denials.refused import refused
from tests.billing.denials.worked import working
from tests.billing.desk import Desk
from tests.billing.remittance import CHARGE, Said, paid, payment


async def test_root_causes_are_summed_by_payer_reason_procedure_and_clinician(desk: Desk) -> None:
    await desk.see_patients(3)
    first, second, third = await desk.control_numbers()
    await desk.hear(
        "a.835", payment(refused(first, "197"), refused(second, "197"), refused(third, "50"))
    )
    desk.billing.clock.move_to(desk.billing.clock.now().replace(day=12))
    await desk.hear("b.835", payment(paid(first), trace="TRACE2"))
    async with working(desk) as worker:
        report = await worker.client.get("/denials/root-causes?from=2026-03-01&to=2026-04-01")
        none = await worker.client.get("/denials/root-causes?from=2026-04-01&to=2026-05-01")
        page = await worker.client.get("/denials/root-causes?from=2026-03-01&to=2026-04-01&limit=1")
        after = page.json()["next"]
        rest = await worker.client.get(
            f"/denials/root-causes?from=2026-03-01&to=2026-04-01&limit=1&after={after}"
        )
    authorization, necessity = report.json()["causes"]
    assert authorization == {
        "payer_id": "BUCKEYE01", "category": "authorization", "reason": "197",
        "procedure_code": "G0439", "provider_npi": authorization["provider_npi"], "denials": 2,
        "denied_cents": 2 * CHARGE, "recovered_cents": 10_050, "recoverable_cents": CHARGE,
        "days_to_resolve": 10.0, "rule_id": "authorization-missing",
    }  # fmt: skip
    assert (necessity["denials"], necessity["days_to_resolve"], necessity["rule_id"]) == (
        1, None, None,
    )  # fmt: skip
    assert none.json()["causes"] == []
    assert page.json()["causes"] + rest.json()["causes"] == report.json()["causes"]


async def test_a_rule_is_proposed_once_and_decided_once(desk: Desk) -> None:
    await desk.see_patients(3)
    first, second, third = await desk.control_numbers()
    await desk.hear("a.835", payment(refused(first, "197"), refused(second, "9999")))
    await desk.hear("b.835", payment(refused(third, "197"), trace="TRACE2"))
    [proposed] = await desk.billing.published(RuleProposed)
    assert (proposed.rule_id, proposed.denied_cents) == ("authorization-missing", CHARGE)
    assert proposed.procedure_code == "G0439"
    async with working(desk) as worker:
        answer = await worker.client.get("/denials/rule-proposals?state=proposed")
        [proposal] = answer.json()["proposals"]
        assert (proposal["denials"], proposal["denied_cents"]) == (2, 2 * CHARGE)
        assert proposal["examples"][0] == str(proposed.denial_id)
        path = f"/denials/rule-proposals/{proposal['proposal_id']}/decision"
        accepted = await worker.client.post(path, json={"decision": "accepted"})
        again = await worker.client.post(path, json={"decision": "accepted"})
        assert accepted.status_code == 200, accepted.text
        assert accepted.json() == again.json()
        assert (accepted.json()["state"], accepted.json()["decided_by"]) == ("accepted", "operator")
        other = await worker.client.post(path, json={"decision": "declined"})
        assert other.status_code == 409
        missing = f"/denials/rule-proposals/{proposed.denial_id}/decision"
        assert (await worker.client.post(missing, json={"decision": "declined"})).status_code == 404


async def test_measures_count_each_claim_by_its_first_decision(desk: Desk) -> None:
    await desk.see_patients(4)
    first, second, third, fourth = await desk.control_numbers()
    partly = Said(fourth, CHARGE, 7_800, [("CO", "45", 5_000), ("CO", "97", 5_000)])
    await desk.hear("a.835", payment(refused(first, "50"), paid(second), paid(third), partly))
    await desk.hear("b.835", payment(paid(first), trace="TRACE2"))  # decided anew: not counted
    async with working(desk) as worker:
        [row] = await worker.list()
        await worker.done(f"{row['denial_id']}/close", reason="small")
        answer = await worker.client.get("/denials/measures?from=2026-02-11&to=2026-03-31")
    february, march = answer.json()
    assert february["month"] == "2026-02-01"
    assert (february["decided_claims"], february["initial_denial_rate"]) == (0, None)
    assert (march["decided_claims"], march["denied_claims"]) == (4, 2)
    assert march["initial_denial_rate"] == march["initial_denial_rate_by_charges"] == 0.5
    net = 4 * CHARGE - 3 * 5_750 - 5_000
    assert (march["given_up_cents"], march["net_revenue_cents"]) == (5_000, net)
    assert march["denial_write_off_rate"] == round(5_000 / net, 4)
    assert march["overturn_rate"] is None


async def test_the_overturn_rate_is_of_appeals_that_were_answered(desk: Desk) -> None:
    await desk.see_patients(3)
    numbers = await desk.control_numbers()
    await desk.hear("a.835", payment(*[refused(number, "50") for number in numbers]))
    async with working(desk) as worker:
        rows = await worker.list()
        for row in rows:
            await worker.done(f"{row['denial_id']}/appeals", level=1)
        for row, outcome in zip(rows, ("upheld", "partly"), strict=False):
            path = f"{row['denial_id']}/appeals/1/outcome"
            await worker.done(path, outcome=outcome, decided_on=str(date(2026, 4, 3)))
        [april] = (
            await worker.client.get("/denials/measures?from=2026-04-01&to=2026-04-30")
        ).json()
        assert (april["answered_appeals"], april["won_appeals"], april["overturn_rate"]) == (
            2, 1, 0.5,
        )  # fmt: skip
        too_long = "/denials/measures?from=2020-01-01&to=2026-04-30"
        assert (await worker.client.get(too_long)).status_code == 422
