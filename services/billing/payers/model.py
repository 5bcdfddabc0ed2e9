"""How a practice's claims reach a payer, and until when: what was agreed with each, as data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from libs.events.contracts import Contract

FilingCode = Literal[
    "11", "12", "13", "14", "15", "16", "17", "AM", "BL", "CH", "CI", "DS", "FI", "HM", "LM", "MA",
    "MB", "MC", "OF", "TV", "VA", "WC", "ZZ",
]  # fmt: skip
"""SBR09, claim filing indicator (005010X222A1, loop 2000B): CI commercial, MB Medicare part B, MC
Medicaid, BL Blue Cross, HM health maintenance organisation…"""
Qualifier = Literal["01", "14", "20", "27", "28", "29", "30", "33", "ZZ"]
"""ISA07, what kind of number ISA08 is."""
Usage = Literal["P", "T"]
Days = Annotated[int, Field(ge=1, le=3650)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{2,15}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=60)]
MailboxName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]

MOST_CLAIMS = 5000
"""In one transaction set (005010X222A1, section 1.3.2)."""


class Receiver(Contract):
    """Who gets a payer's files in its place: a clearinghouse, or a Medicare contractor."""

    interchange_id: Identifier
    """ISA08."""
    qualifier: Qualifier = "ZZ"
    application_id: Identifier | None = None
    """GS03; None: as `interchange_id`."""
    name: Name
    """1000B NM103."""
    identifier: Identifier
    """1000B NM109."""


class PayerTerms(Contract):
    """What was agreed with a payer. The defaults hold for a payer that the directory lacks."""

    name: Name | None = None
    """2010BB NM103; None: as the visit's coverage names it."""
    filing_code: FilingCode = "CI"
    receiver: Receiver | None = None
    """None: the payer itself, under its own id."""
    submitter_id: Identifier | None = None
    """ISA06, GS02, 1000A NM109, as the receiver gave it; None: the practice's tax number."""
    usage: Usage = "T"
    """ISA15: production only once it was agreed."""
    mailbox: MailboxName | None = None
    """Of the practice's in BILLING_MAILBOXES: files go there; None: to the exchange directory."""
    claims_per_interchange: Annotated[int, Field(ge=1, le=MOST_CLAIMS)] = MOST_CLAIMS
    billing_taxonomy: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{10}$")] | None = None
    """PRV*BI, a NUCC code, where the payer decides by it."""
    original_filing_days: Days | None = None
    """Days from the service within which a claim must arrive; None: not known here."""
    corrected_filing_days: Days | None = None
    """The same for a corrected claim; None: as the original's."""
    follow_up_days: Days | None = None
    """Days without a decision after which the payer is asked after a claim (276); None: as the
    setting BILLING_FOLLOW_UP_DAYS."""
    answers_eligibility: bool = False
    """It answers 270s: a visit whose coverage nobody asked about is asked about before its claim
    goes, and the claim waits for the answer."""


@dataclass(frozen=True, slots=True)
class Route:
    """How files travel. Payers of one route share an interchange; each claim names its own."""

    submitter_id: str
    receiver: Receiver | None
    itself: str | None
    """The payer's own id, where it is the receiver."""
    usage: Usage
    mailbox: str | None
    billing_taxonomy: str | None

    @property
    def receiver_id(self) -> str:
        """ISA08: the receiver's, else as much of the payer's own id as ISA08 has room for."""
        return self.receiver.interchange_id if self.receiver else (self.itself or "")[:15]

    @property
    def receiver_qualifier(self) -> Qualifier:
        return self.receiver.qualifier if self.receiver else "ZZ"

    @property
    def receiver_application(self) -> str | None:
        return self.receiver.application_id if self.receiver else None


def route_of(payer_id: str, terms: PayerTerms, tax_id: str) -> Route:
    """The way to a payer; without another receiver the payer is its own."""
    return Route(
        submitter_id=terms.submitter_id or tax_id,
        receiver=terms.receiver,
        itself=None if terms.receiver else payer_id,
        usage=terms.usage,
        mailbox=terms.mailbox,
        billing_taxonomy=terms.billing_taxonomy,
    )


def filing_deadline(terms: PayerTerms, service_on: date, *, is_corrected: bool) -> date | None:
    """The last day on which the payer takes the claim; None: not known here."""
    days = terms.original_filing_days
    if is_corrected:
        days = terms.corrected_filing_days or days
    return None if days is None else service_on + timedelta(days=days)
