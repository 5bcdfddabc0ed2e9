"""A visit's work goes on its clinician's account; a code without a value makes it wait for one."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from libs.events.contracts.interop import EncounterCorrected, EncounterPosted, EncounterVoided
from libs.events.contracts.payroll import ProductivityRecorded, ProductivityReversed
from libs.events.contracts.values import EncounterId, PracticeId, ProductivityLineId, month_of
from libs.events.transport import Origin, UnitOfWork
from services.payroll.productivity import store
from services.payroll.productivity.store import Line, Worth
from services.payroll.rates import store as rates
from services.payroll.rates.model import Procedure, pay_for, unvalued_codes, work_of


async def record_productivity(encounter: EncounterPosted, uow: UnitOfWork) -> None:
    """Value the visit's work on its day of service."""
    await rates.share_values(uow.db, uow.practice_id)
    await _record(encounter, uuid5(encounter.encounter_id, "productivity"), uow)


async def correct_productivity(corrected: EncounterCorrected, uow: UnitOfWork) -> None:
    """Reverse the visit's line and record another; where its work is the same, it stands."""
    await rates.share_values(uow.db, uow.practice_id)
    encounter = corrected.as_posted()
    found = await store.lock_standing(uow.db, uow.practice_id, encounter.encounter_id)
    if found is not None:
        line, procedures, worth = found
        same_work = sorted(procedures, key=_number) == sorted(_procedures(encounter), key=_number)
        told = encounter.provider_npi, encounter.service_on
        if same_work and told == (line.provider_npi, line.service_on):
            return
        await _reverse(uow, line, worth)
    await _record(encounter, uuid5(corrected.event_id, "productivity"), uow)


async def void_productivity(voided: EncounterVoided, uow: UnitOfWork) -> None:
    """The visit never was: its work is nobody's."""
    found = await store.lock_standing(uow.db, uow.practice_id, voided.encounter_id)
    if found is not None:
        line, _, worth = found
        await _reverse(uow, line, worth)


async def record_waiting_lines(uow: UnitOfWork, codes: list[str]) -> int:
    """Codes were valued (and are held): record what waited for them alone; returns how many."""
    recorded = 0
    for line, procedures in await store.lock_waiting(uow.db, uow.practice_id, codes):
        worth = await _value(uow, line, procedures)
        await store.change_line(uow.db, uow.practice_id, line, worth)
        if not worth.unvalued_codes:
            await _publish(uow, line, worth)
            recorded += 1
    return recorded


async def _record(encounter: EncounterPosted, line_id: UUID, uow: UnitOfWork) -> None:
    line = Line(
        line_id=line_id,
        encounter_id=encounter.encounter_id,
        provider_npi=encounter.provider_npi,
        service_on=encounter.service_on,
        origin=uow.origin.dump(),
    )
    procedures = _procedures(encounter)
    worth = await _value(uow, line, procedures)
    is_new = await store.add_line(uow.db, uow.practice_id, line, procedures, worth)
    if is_new and not worth.unvalued_codes:
        await _publish(uow, line, worth)


async def _reverse(uow: UnitOfWork, line: Line, worth: Worth) -> None:
    """A line that waits was never recorded: of it there is nothing to say."""
    await store.reverse_line(uow.db, uow.practice_id, line)
    if not worth.unvalued_codes:
        await uow.publish(ProductivityReversed(**_said(uow, line, worth)))


async def _value(uow: UnitOfWork, line: Line, procedures: list[Procedure]) -> Worth:
    codes = [procedure.procedure_code for procedure in procedures]
    values = await rates.find_values(uow.db, uow.practice_id, codes, line.service_on)
    if missing := unvalued_codes(procedures, values):
        return Worth(missing)
    work = work_of(procedures, values)
    rate = await rates.find_rate(uow.db, uow.practice_id, line.provider_npi, line.service_on)
    return Worth([], work, pay_for(work, rate))


async def _publish(uow: UnitOfWork, line: Line, worth: Worth) -> None:
    recorded = ProductivityRecorded(**_said(uow, line, worth))
    await uow.publish(recorded, origin=Origin.load(line.origin))


def _said(uow: UnitOfWork, line: Line, worth: Worth) -> dict[str, Any]:
    return {
        "practice_id": PracticeId(uow.practice_id),
        "line_id": ProductivityLineId(line.line_id),
        "encounter_id": EncounterId(line.encounter_id),
        "provider_npi": line.provider_npi,
        "service_on": line.service_on,
        "service_month": month_of(line.service_on),
        "work_rvu_hundredths": worth.work_rvu_hundredths,
        "pay_cents": worth.pay_cents,
    }


def _procedures(encounter: EncounterPosted) -> list[Procedure]:
    return [Procedure(one.line_number, one.procedure_code, one.units) for one in encounter.lines]


def _number(procedure: Procedure) -> int:
    return procedure.line_number
