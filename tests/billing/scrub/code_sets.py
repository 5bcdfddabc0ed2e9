"""Code files as practices load them: made up, in CMS's layouts, with HCPCS level II codes."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from libs.events.examples.interop import NAMESPACE
from tests.billing.desk import Desk

PAIRS = (
    "CPT only copyright 2025 American Medical Association. All rights reserved.\r\n"
    "\r\n"
    "Column 1\tColumn 2\t*=in existence prior to 1996\tEffective Date\tDeletion Date *=no data\t"
    "Modifier 0=not allowed 1=allowed 9=not applicable\tPTP Edit Rationale\r\n"
    "G0439\tG0444\t\t20240101\t*\t0\tMisuse of column two code with column one code\r\n"
    "G0438\tG0442\t*\t19960101\t20101231\t1\tStandards of medical / surgical practice\r\n"
)
UNITS = (
    '"CPT codes, descriptions and other data only are copyright 2025 American Medical\n'
    'Association. All rights reserved.",,,\n'
    '"HCPCS/\nCPT Code","Practitioner Services MUE Values","MUE Adjudication Indicator",'
    '"MUE Rationale"\n'
    'G0439,1,"2 Date of Service Edit: Policy","Code Descriptor / CPT Instruction"\n'
    'G0447,2,"3 Date of Service Edit: Clinical","Clinical: Data"\n'
)


async def answer(
    desk: Desk, kind: str, content: str, *, code_set_id: UUID | None = None, **query: Any
) -> tuple[int, str]:
    """Load a file; the status and text of the answer."""
    told = {"kind": kind, "edition": "a test's", "effective_on": "2026-01-01", **query}
    set_id = code_set_id or uuid5(NAMESPACE, f"{kind} {told}")
    async with desk.billing.http(desk.practice_id) as client:
        got = await client.post(f"/code-sets/{set_id}", params=told, content=content.encode())
    return got.status_code, got.text


async def load(desk: Desk, kind: str, content: str, **query: Any) -> None:
    status, text = await answer(desk, kind, content, **query)
    assert status == 201, text
