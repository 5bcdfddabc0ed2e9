"""What an 835 says (005010X221A1), without anything about the patient. All amounts are cents.

Claims, lines and adjustments are named tuples, the rest dataclasses: a file has many of the former,
and a frozen dataclass takes three times as long to make.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

ADJUSTMENT_GROUPS = ("CO", "CR", "OA", "PI", "PR")
"""CAS01, in the order in which an 837P repeats them."""


@dataclass(frozen=True, slots=True)
class RemittanceHeader:
    """The payment: who pays whom, how much, under which trace number."""

    interchange_control: str
    transaction_control: str
    handling_code: str
    """BPR01: I payment with remittance, H notification only, C, D, P, U, X."""
    payment_cents: int
    payment_method: str
    """BPR04: ACH, CHK, FWT, BOP or NON."""
    paid_on: date
    trace_number: str
    """TRN02: the same number travels with the bank's payment."""
    payer_trace_id: str
    """TRN03."""
    payer_name: str
    payer_id: str | None
    """REF*2U, else N1*PR N104; None where the payer names neither."""
    payee_name: str
    payee_npi: str | None
    """N1*PE N104 where its qualifier is XX."""
    direction: str = "C"
    """BPR03: C credit, D debit."""
    sender: str = ""
    """ISA06."""
    usage: str = ""
    """ISA15: P production, T test."""

    @property
    def payer(self) -> str:
        """The payer as the file names it: by its identifier, else by its name."""
        return self.payer_id or self.payer_name


class RemittedAdjustment(NamedTuple):
    """One CAS triple: charged less paid, and why."""

    group: str
    """One of ADJUSTMENT_GROUPS."""
    reason: str
    """Claim adjustment reason code (CARC)."""
    cents: int
    quantity: Decimal | None


class RemittedLine(NamedTuple):
    """One service (2110)."""

    control_number: str | None
    """Ours (REF*6R), as sent in the 837P."""
    qualifier: str
    procedure: str
    modifiers: tuple[str, ...]
    charge_cents: int
    paid_cents: int
    paid_units: Decimal | None
    service_on: date | None
    adjustments: tuple[RemittedAdjustment, ...]
    remarks: tuple[str, ...]
    """Remittance advice remark codes (LQ*HE)."""


class RemittedClaim(NamedTuple):
    """One claim (2100); professional and institutional alike."""

    control_number: str
    """Ours (CLP01), as sent in CLM01."""
    status: str
    """CLP02: 1, 2, 3 processed, 4 denied, 19-21 forwarded, 22 reversal…"""
    charge_cents: int
    paid_cents: int
    patient_responsibility_cents: int
    filing_code: str
    payer_claim_control_number: str
    facility_code: str
    frequency: str
    adjustments: tuple[RemittedAdjustment, ...]
    """Those of the claim itself; lines carry their own."""
    remarks: tuple[str, ...]
    """Remittance advice remark codes of the claim (MIA, MOA)."""
    lines: tuple[RemittedLine, ...]
    service_from: date | None
    service_to: date | None
    received_on: date | None


@dataclass(frozen=True, slots=True)
class ProviderAdjustment:
    """One PLB pair: money that belongs to no claim; positive cents lower the payment."""

    provider_id: str
    fiscal_period_on: date
    reason: str
    """PLB03-1, such as WO, FB, L6, 72."""
    reference: str
    cents: int


@dataclass(frozen=True, slots=True)
class Unbalanced:
    """A sum that does not come out (005010X221A1, 1.10.2).

    line: SVC02 - SVC03 = its CAS; claim: CLP03 - CLP04 = all its CAS; transaction: BPR02 = all
    CLP04 - all PLB. `expected_cents` is what the adjustments (or BPR02) would have to be.
    """

    level: Literal["line", "claim", "transaction"]
    claim_control_number: str | None
    line_number: int | None
    """Counted from 1 within the claim."""
    segment_number: int
    expected_cents: int
    actual_cents: int


@dataclass(frozen=True, slots=True)
class RemittanceTrailer:
    """Totals and verdict of one transaction; nothing of it may be posted unless `balanced`."""

    claims: int
    service_lines: int
    charged_cents: int
    paid_cents: int
    adjusted_cents: int
    """Every CAS, the patient's part included."""
    patient_cents: int
    """The CAS of group PR."""
    provider_adjustment_cents: int
    unbalanced_count: int
    unbalanced: tuple[Unbalanced, ...]
    """The first hundred."""

    @property
    def balanced(self) -> bool:
        """True: every line, every claim and the payment come out to the cent."""
        return self.unbalanced_count == 0


Remittance835Event: TypeAlias = (
    RemittanceHeader | RemittedClaim | ProviderAdjustment | RemittanceTrailer
)
