"""A claim that went out, for the remittances that answer it."""

from __future__ import annotations

import pytest

from tests.billing.desk import Desk


@pytest.fixture
async def number(desk: Desk) -> str:
    """The control number of a claim that went out."""
    await desk.see_patients()
    [control_number] = await desk.control_numbers()
    return control_number
