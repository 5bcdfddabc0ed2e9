"""Whoever sends claims: what is the same for all that a practice sends at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from libs.events.transport import UnitOfWork
from services.billing.claims.interchange import interchange_of
from services.billing.exchange.checked import InterchangeDiffersError, write_checked
from services.billing.facts.store import find_practice
from services.billing.office.model import BillingOffice, Facility
from services.billing.office.store import find_office, list_facilities
from services.billing.payers.model import PayerTerms, Route, route_of
from services.billing.payers.store import read_directory
from services.billing.x12 import RefusedElementError
from services.billing.x12.claims_837p import ProfessionalClaim


@dataclass(frozen=True, slots=True)
class Biller:
    """A practice, its office, its terms with payers, and its facilities by place of service."""

    practice: Mapping[str, Any]
    office: BillingOffice
    directory: Mapping[str, PayerTerms]
    facilities: Mapping[str, Facility]

    def terms_of(self, payer_id: str) -> PayerTerms:
        return self.directory.get(payer_id, PayerTerms())

    def route_to(self, payer_id: str) -> Route:
        return route_of(payer_id, self.terms_of(payer_id), self.practice["tax_id"])

    def write(
        self, number: int, payer_id: str, claims: Sequence[ProfessionalClaim], at: datetime
    ) -> bytes:
        """The interchange that goes the payer's way; raises what `write_checked` and x12 raise."""
        route = self.route_to(payer_id)
        return write_checked(interchange_of(number, self.practice, self.office, route, claims, at))

    def unwritable(self, payer_id: str, said: ProfessionalClaim, at: datetime) -> str | None:
        """The place of a composed claim that cannot be written, such as `2010BA N301`, or None."""
        try:
            self.write(1, payer_id, [said], at)
        except RefusedElementError as refused:
            return refused.element
        except InterchangeDiffersError as differs:
            return differs.code
        return None


async def read_biller(uow: UnitOfWork, payers: Collection[str] | None = None) -> Biller:
    """For claims that name these payers only, or for any; the practice is known."""
    return Biller(
        practice=await find_practice(uow.db, uow.practice_id),
        office=await find_office(uow.db, uow.practice_id),
        directory=await read_directory(uow.db, uow.practice_id, payers),
        facilities=await list_facilities(uow.db, uow.practice_id),
    )
