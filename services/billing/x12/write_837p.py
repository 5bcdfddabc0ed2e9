"""Frozen claims become the bytes of one 837P (005010X222A1): delimiters * : ~ ^, no line ends."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.x12.characters import code, text
from services.billing.x12.claim_837p_loops import claim_segments
from services.billing.x12.claim_837p_providers import address
from services.billing.x12.claims_837p import BillingProvider, ProfessionalClaims
from services.billing.x12.enclose import Controls, TransactionSet, enclose, refuse_repeats
from services.billing.x12.errors import RefusedElementError

_SET = TransactionSet("HC", "837", "005010X222A1")


def write_837p(batch: ProfessionalClaims) -> bytes:
    """The whole file as ASCII; RefusedElementError names the element that cannot be written."""
    if not batch.claims:
        raise RefusedElementError("missing", "2000B", "At least one claim is required.")
    refuse_repeats([claim.control_number for claim in batch.claims], "2300 CLM01", "claims")
    controls = Controls(batch.interchange_control, batch.group_control, batch.transaction_control)
    return enclose(batch, _SET, controls, list(_segments(batch)))


def _segments(batch: ProfessionalClaims) -> Iterator[str]:
    at, submitter, receiver = batch.written_at, batch.submitter, batch.receiver
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
