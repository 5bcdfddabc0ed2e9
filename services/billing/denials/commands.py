"""What people do about a denial. Each command has an id of its own and is carried out once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from libs.events.contracts import PHI, Contract, Event
from libs.events.contracts.billing_denials import AppealOutcome
from libs.events.contracts.values import Short
from libs.events.transport import Origin, UnitOfWork
from libs.service.refused import RefusedError, UnknownError
from services.billing.claims.replace import Number, Replacement, replace_claim
from services.billing.denials import appeals, events, store, work
from services.billing.denials.deadlines import forget_deadlines, watch_deadline
from services.billing.denials.letters.write import write_letter
from services.billing.denials.model import Denial
from services.billing.denials.store import Step
from services.billing.denials.work import REFUSALS, Refusal
from services.billing.writeoffs.decide import propose

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class Command(Contract):
    """`command_id` is the caller's; the same command again changes nothing."""

    command_id: UUID


class Assign(Command):
    """Who works it from now on."""

    to: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]{1,100}$")]


class Note(Command):
    text: Text


class SendAppeal(Command):
    """An appeal is sent: its letter is made, and kept as it was sent."""

    level: Annotated[int, Field(ge=1, le=9)]
    argument: Text | None = None
    """What the practice adds to the argument of the denial's category."""
    enclosures: Annotated[tuple[Short, ...], Field(max_length=20)] = ()
    send_to: Annotated[tuple[Short, ...], Field(max_length=5)] = ()
    """The lines of the payer's address for appeals."""


class DecideAppeal(Command):
    """What the payer answered."""

    outcome: AppealOutcome
    decided_on: date


class Correct(Command):
    """A corrected claim is to be sent; what is None stays as it is."""

    prior_authorization: Annotated[Number | None, PHI] = None
    member_id: Annotated[Number | None, PHI] = None
    group_number: Annotated[Number | None, PHI] = None

    def corrections(self) -> dict[str, str | None]:
        return self.model_dump(exclude={"command_id"})


class GiveUp(Command):
    """Nothing more is done; a write-off is proposed."""

    reason: Text


Act = Callable[[Denial], Awaitable[Denial]]


async def assign(uow: UnitOfWork, denial_id: UUID, command: Assign, by: str) -> Denial:
    async def act(denial: Denial) -> Denial:
        refuse(work.may_work(denial))
        return replace(denial, assigned_to=command.to)

    return await _once(uow, denial_id, "assigned", command, by, act)


async def add_note(uow: UnitOfWork, denial_id: UUID, command: Note, by: str) -> Denial:
    async def act(denial: Denial) -> Denial:
        return denial

    return await _once(uow, denial_id, "noted", command, by, act)


async def send_appeal(uow: UnitOfWork, denial_id: UUID, command: SendAppeal, by: str) -> Denial:
    async def act(denial: Denial) -> Denial:
        sent = await appeals.list_of(uow.db, uow.practice_id, denial_id)
        refuse(work.may_appeal(denial, sent, command.level))
        letter = await write_letter(
            uow, denial, command.level, command.argument, command.enclosures, command.send_to
        )
        await appeals.add(uow, denial_id, command.level, letter)
        await forget_deadlines(uow, [denial])
        return await _say(
            uow, work.appeal(denial), events.appealed(denial, command.level, uow.now.date())
        )

    return await _once(uow, denial_id, f"appealed at level {command.level}", command, by, act)


async def decide_appeal(
    uow: UnitOfWork, denial_id: UUID, level: int, command: DecideAppeal, by: str
) -> Denial:
    async def act(denial: Denial) -> Denial:
        sent = await appeals.list_of(uow.db, uow.practice_id, denial_id)
        refuse(work.may_decide(denial, sent, level, command.decided_on))
        days = await store.read_days(uow.db, uow.practice_id, denial.payer_id, denial.decided_on)
        decided = work.decide_appeal(denial, command.outcome, command.decided_on, days)
        await appeals.decide(uow, denial_id, level, command.outcome, command.decided_on)
        await watch_deadline(uow, decided)
        event = events.decided(denial, level, command.outcome, command.decided_on)
        return await _say(uow, decided, event)

    kind = f"appeal of level {level} {command.outcome}"
    return await _once(uow, denial_id, kind, command, by, act)


async def correct(uow: UnitOfWork, denial_id: UUID, command: Correct, by: str) -> Denial:
    """A replacement goes to the payer (837P CLM05-3, 7); its decision will settle the denial."""

    async def act(denial: Denial) -> Denial:
        refuse(work.may_work(denial))
        asked = Replacement(request_id=command.command_id, **command.corrections())
        await replace_claim(uow, denial.claim_id, asked, by)
        await forget_deadlines(uow, [denial])
        return work.correct(denial)

    return await _once(uow, denial_id, "correction due", command, by, act)


async def give_up(uow: UnitOfWork, denial_id: UUID, command: GiveUp, by: str) -> Denial:
    """The write-off is the ledger's: over the practice's limit a second person decides it."""

    async def act(denial: Denial) -> Denial:
        refuse(work.may_work(denial))
        await forget_deadlines(uow, [denial])
        given_up = work.give_up(denial, uow.now)
        given_up = await _say(uow, given_up, events.closed(given_up))
        await store.change(uow.db, [given_up])
        await propose(uow, work.write_off(given_up), by)
        return given_up

    return await _once(uow, denial_id, "given up", command, by, act)


def refuse(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise RefusedError(REFUSALS[refusal])


async def _once(
    uow: UnitOfWork, denial_id: UUID, kind: str, command: Command, by: str, act: Act
) -> Denial:
    denial = await store.lock(uow.db, uow.practice_id, denial_id)
    if denial is None:
        raise UnknownError("there is no such denial")
    content = command.model_dump_json().encode()
    before = await store.find_step(uow, command.command_id)
    if before is not None:
        if before != (denial_id, kind, content):
            raise RefusedError("another command has this command_id")
        return denial
    denial = await act(denial)
    await store.change(uow.db, [denial])
    await store.add_steps(uow, [Step(command.command_id, denial_id, kind, uow.now, by, content)])
    return denial


async def _say(uow: UnitOfWork, denial: Denial, event: Event) -> Denial:
    origin = await uow.publish(event, origin=Origin.load(denial.origin))
    return replace(denial, origin=origin.dump())
