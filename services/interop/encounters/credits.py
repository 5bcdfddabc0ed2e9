"""Charges that are added to a visit, and credits that take charges of it back.

Sources: HL7 v2.5.1 §6.5.1.2 (FT1-2 transaction id), §6.5.1.6 (FT1-6, table 0017: CG, CR).
"""

from __future__ import annotations

from collections.abc import Sequence

from services.interop.encounters.model import Credit, SourceLine, ToldVisit, Visit
from services.interop.messages.model import Refusal, RefusedError


def changed(known: Visit | None, told: ToldVisit) -> Visit:
    """The whole visit with what is told: charges added, then credits taken off.

    Everything has a transaction id here, so what is sent again is recognised: a charge that is
    there is replaced by what is said of it now, and one that was taken back does not return.
    Raises RefusedError for a credit of what the visit does not have, and for another day.
    """
    if known is None:
        known = told.visit.model_copy(update={"diagnoses": (), "lines": ()})
    elif known.lines and told.visit.service_on != known.service_on:
        raise RefusedError(
            Refusal("other-day", told.where, "charges of another day are another visit's")
        )
    diagnoses = tuple(dict.fromkeys((*known.diagnoses, *told.visit.diagnoses)))
    places = [diagnoses.index(code) + 1 for code in told.visit.diagnoses]
    lines, settled = [*known.lines], [*known.settled]
    for line in told.visit.lines:
        if f"charge/{line.transaction_id}" not in settled:
            pointed = tuple(places[place - 1] for place in line.diagnoses)
            _put(lines, line.model_copy(update={"diagnoses": pointed}))
    for credit in told.credits:
        if f"credit/{credit.line.transaction_id}" not in settled:
            settled += _take_off(lines, credit)
    says_place = told.visit.place_of_service or told.visit.visit_class
    place = told.visit if says_place else known
    coverage = told.visit if told.visit.coverage_is_told else known
    return Visit(
        service_on=told.visit.service_on,
        place_of_service=place.place_of_service,
        visit_class=place.visit_class,
        provider_npi=told.visit.provider_npi or known.provider_npi,
        diagnoses=diagnoses,
        lines=tuple(lines),
        coverage=coverage.coverage,
        coverage_is_told=coverage.coverage_is_told,
        other_coverages=coverage.other_coverages,
        prior_authorization=told.visit.prior_authorization or known.prior_authorization,
        referring=told.visit.referring or known.referring,
        source=told.visit.source,
        ehr_charge_cents=charged(lines),
        settled=tuple(dict.fromkeys(settled)),
    )


def charged(lines: Sequence[SourceLine]) -> int | None:
    """What the EHR asked for the visit, where it said so for every line."""
    told = [line.charge_cents for line in lines if line.charge_cents is not None]
    return sum(told) if told and len(told) == len(lines) else None


def _put(lines: list[SourceLine], line: SourceLine) -> None:
    for place, known in enumerate(lines):
        if known.transaction_id == line.transaction_id:
            lines[place] = line
            return
    lines.append(line)


def _take_off(lines: list[SourceLine], credit: Credit) -> list[str]:
    """Take the credit off its charge; returns what is settled by it."""
    place = _found(lines, credit)
    charge, back = lines[place], credit.line
    done = [f"credit/{back.transaction_id}"]
    if back.units == charge.units:
        del lines[place]
        return [*done, f"charge/{charge.transaction_id}"] if charge.transaction_id else done
    cents = None
    if charge.charge_cents is not None and back.charge_cents is not None:
        cents = max(charge.charge_cents - back.charge_cents, 0)
    left = {"units": charge.units - back.units, "charge_cents": cents}
    lines[place] = charge.model_copy(update=left)
    return done


def _found(lines: Sequence[SourceLine], credit: Credit) -> int:
    """The charge of the same service with the credit's own number, or else the smallest one."""
    back = credit.line
    same = [p for p, line in enumerate(lines) if _service(line) == _service(back)]
    named = [p for p in same if lines[p].transaction_id == back.transaction_id]
    same = named or same
    fitting = [place for place in same if lines[place].units >= back.units]
    if not fitting:
        raise RefusedError(
            Refusal(
                "credit-without-charge",
                credit.where,
                "credit a charge that the visit has, with at most its units",
            )
        )
    return min(fitting, key=lambda place: lines[place].units)


def _service(line: SourceLine) -> tuple[object, ...]:
    return line.procedure, line.modifiers
