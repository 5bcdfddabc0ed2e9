from __future__ import annotations

import pytest

from tests.billing.balances.front_desk import FrontDesk
from tests.billing.desk import Desk


@pytest.fixture
async def front(desk: Desk) -> FrontDesk:
    """A practice that bills its patients on the fifth of the month."""
    made = FrontDesk(desk)
    await made.policy()
    return made
