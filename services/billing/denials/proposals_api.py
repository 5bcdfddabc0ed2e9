"""Rules that denials propose: a person accepts one, and the scrubber knows it from then on."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from pydantic import model_validator

from libs.events.contracts import Contract
from libs.events.transport import UnitOfWork
from libs.service.http import Uow, json_body
from services.billing.claims.release import release_held_claims
from services.billing.claims.store import lock_standing
from services.billing.denials import proposals
from services.billing.denials.api import By
from services.billing.denials.cursor import After, next_cursor, read_cursor
from services.billing.payers.model import Days
from services.billing.payers.store import set_filing_days
from services.billing.scrub.causes import Effect, effect_of
from services.billing.scrub.payer_rules import require_authorization

routes = APIRouter(prefix="/denials/rule-proposals", tags=["denials"])
State = Literal["proposed", "accepted", "declined"]


class Proposal(Contract):
    """A rule for a payer, with what it would have caught, and what accepting it changed."""

    proposal_id: UUID
    rule_id: str
    payer_id: str
    procedure_code: str | None
    denials: int
    denied_cents: int
    examples: list[UUID]
    """The first denials of it."""
    proposed_at: datetime
    state: State
    decided_at: datetime | None
    decided_by: str | None
    effect: Effect | None
    """`authorization-list`: claims for the procedure wait for the payer's number from
    `effective_on` on (`GET /payer-rules`). `filing-days`: they wait past `filing_days` (`GET
    /payers`). `recorded`: the scrubber has nothing that the denial could tell it, and the decision
    is all. None: not accepted."""
    effective_on: date | None
    filing_days: int | None


class Proposals(Contract):
    proposals: tuple[Proposal, ...]
    next: str | None


class DecideProposal(Contract):
    """Accept or decline. `filing_days`: for `timely-filing`, the payer's days from the service to
    the original claim, as its contract says; a denial does not tell them."""

    decision: Literal["accepted", "declined"]
    filing_days: Days | None = None

    @model_validator(mode="after")
    def _days_are_accepted(self) -> DecideProposal:
        if self.filing_days is not None and self.decision == "declined":
            raise ValueError("filing_days are of a rule that is accepted")
        return self


@routes.get("")
async def list_rule_proposals(
    uow: Uow,
    state: State | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: After = None,
) -> Proposals:
    """Rules that denials propose, those of the most denied cents first."""
    place = read_cursor(after)
    rows = await proposals.list_proposals(uow.db, uow.practice_id, state, place, limit)
    found = tuple(Proposal(**row) for row in rows)
    places = [(each.denied_cents, each.proposal_id) for each in found]
    return Proposals(proposals=found, next=next_cursor(places, limit))


@routes.post("/{proposal_id}/decision")
async def decide_rule_proposal(
    proposal_id: UUID,
    command: Annotated[DecideProposal, json_body(DecideProposal)],
    uow: Uow,
    by: By,
) -> Proposal:
    """Once; the same again changes nothing, another decision is 409. 422: `filing_days` are wanted,
    or are not."""
    await lock_standing(uow.db, uow.practice_id)
    row = await proposals.lock_proposal(uow.db, uow.practice_id, proposal_id)
    if row is None:
        raise HTTPException(404, "there is no such proposal")
    if row["state"] == "proposed":
        row = await _decide(uow, row, command, by.name)
    elif (row["state"], row["filing_days"]) != (command.decision, command.filing_days):
        raise HTTPException(409, f"the proposal is {row['state']}")
    return Proposal(**row)


async def _decide(
    uow: UnitOfWork, row: dict[str, Any], command: DecideProposal, by: str
) -> dict[str, Any]:
    effect = None
    if command.decision == "accepted":
        effect = effect_of(row["rule_id"], row["procedure_code"])
        if (effect == "filing-days") != (command.filing_days is not None):
            raise HTTPException(422, "filing_days are told for timely-filing, and for it alone")
        await _teach(uow, effect, row, command.filing_days, by)
    decided = {
        "state": command.decision,
        "decided_at": uow.now,
        "decided_by": by,
        "effect": effect,
        "effective_on": uow.now.date() if effect else None,
        "filing_days": command.filing_days,
    }
    await proposals.decide_proposal(uow.db, uow.practice_id, row["proposal_id"], decided)
    return row | decided


async def _teach(
    uow: UnitOfWork, effect: Effect, row: dict[str, Any], filing_days: int | None, by: str
) -> None:
    """Give the scrubber what it lacked of the payer, and look at the claims that wait."""
    payer_id: str = row["payer_id"]
    if effect == "authorization-list":
        await require_authorization(
            uow, payer_id, row["procedure_code"], because_of=row["proposal_id"], by=by
        )
    elif filing_days is not None:
        await set_filing_days(uow.db, uow.practice_id, payer_id, filing_days)
    else:
        return
    await release_held_claims(uow)
