"""Frozen claims become the bytes of one 837P (005010X222A1): delimiters * : ~ ^, no line ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.billing.x12.characters import code, text
from services.billing.x12.claim_837p_loops import claim_segments
from services.billing.x12.claim_837p_providers import address
from services.billing.x12.claims_837p import BillingProvider, ProfessionalClaims
from services.billing.x12.errors import RefusedElementError

VERSION = "005010X222A1"
_SEGMENTS_AFTER_BODY = 1  # SE counts itself


def write_837p(batch: ProfessionalClaims) -> bytes:
    """The whole file as ASCII; RefusedElementError names the element that cannot be written."""
    if not batch.claims:
        raise RefusedElementError("missing", "2000B", "At least one claim is required.")
    _refuse_repeats(claim.control_number for claim in batch.claims)
    body = list(_transaction_segments(batch))
    control = f"{_control(batch.transaction_control, 'ST02'):04d}"
    group = str(_control(batch.group_control, "GS06"))
    body.append(f"SE*{len(body) + _SEGMENTS_AFTER_BODY}*{control}")
    segments = [
        *_envelope_head(batch, group),
        *body,
        f"GE*1*{group}",
        f"IEA*1*{batch.interchange_control:09d}",
        "",
    ]
    return "~".join(segments).encode("ascii")


def _envelope_head(batch: ProfessionalClaims, group: str) -> Iterator[str]:
    at = batch.written_at
    sender = text(batch.sender_id, "ISA06", 15, 2)
    receiver = text(batch.receiver_id, "ISA08", 15, 2)
    qualifier = code(batch.receiver_qualifier, "ISA07", 2, 2)
    application = text(batch.receiver_application or receiver, "GS03", 15, 2)
    interchange = _control(batch.interchange_control, "ISA13")
    yield (
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*{qualifier}*{receiver:15}"
        f"*{at:%y%m%d}*{at:%H%M}*^*00501*{interchange:09d}*0*{batch.usage}*:"
    )
    yield f"GS*HC*{sender}*{application}*{at:%Y%m%d}*{at:%H%M}*{group}*X*{VERSION}"


def _transaction_segments(batch: ProfessionalClaims) -> Iterator[str]:
    at, submitter, receiver = batch.written_at, batch.submitter, batch.receiver
    yield f"ST*837*{_control(batch.transaction_control, 'ST02'):04d}*{VERSION}"
    yield f"BHT*0019*00*{batch.interchange_control}*{at:%Y%m%d}*{at:%H%M}*CH"
    name = text(submitter.name, "1000A NM103", 60)
    yield f"NM1*41*2*{name}*****46*{text(submitter.identifier, '1000A NM109', 80, 2)}"
    contact = text(submitter.contact_name, "1000A PER02", 60)
    yield f"PER*IC*{contact}*TE*{code(submitter.contact_phone, '1000A PER04', 10, 10)}"
    name = text(receiver.name, "1000B NM103", 60)
    yield f"NM1*40*2*{name}*****46*{text(receiver.identifier, '1000B NM109', 80, 2)}"
    yield from _billing_provider(batch.billing_provider)
    level = 1
    for claim in batch.claims:
        yield from claim_segments(claim, level + 1)
        level += 1 if claim.patient is None else 2


def _billing_provider(provider: BillingProvider) -> Iterator[str]:
    yield "HL*1**20*1"
    if provider.taxonomy is not None:
        yield f"PRV*BI*PXC*{code(provider.taxonomy, '2000A PRV03', 10, 10)}"
    name = text(provider.name, "2010AA NM103", 60)
    yield f"NM1*85*2*{name}*****XX*{code(provider.npi, '2010AA NM109', 10, 10)}"
    yield from address(provider.address, "2010AA")
    yield f"REF*EI*{code(provider.employer_number, '2010AA REF02', 9, 9)}"


def _control(number: int, element: str) -> int:
    if not 1 <= number <= 999_999_999:
        raise RefusedElementError("out-of-range", element, "1 to 999999999 is expected.")
    return number


def _refuse_repeats(control_numbers: Iterable[str]) -> None:
    seen: set[str] = set()
    for control_number in control_numbers:
        if control_number in seen:
            raise RefusedElementError("duplicate", "2300 CLM01", "Two claims share a number.")
        seen.add(control_number)
