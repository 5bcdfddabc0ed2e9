"""What a fold may say of a row: its table's own sums and values, and nothing else."""

from __future__ import annotations

import pytest

from libs.events.transport import Fold, Table
from tests.transport.ledger import PRACTICE

SHELF = Table("shelf", keys=("practice_id", "book"), sums=("copies",), values=("title",))
BOOK = (PRACTICE, "b1")


def test_a_sum_that_the_table_does_not_have_is_refused() -> None:
    fold = Fold(1)
    fold.add(SHELF, BOOK, copies=1)
    with pytest.raises(ValueError, match="shelf has no sum title"):
        fold.add(SHELF, BOOK, title=1)


def test_a_value_that_the_table_does_not_have_is_refused() -> None:
    fold = Fold(1)
    fold.put(SHELF, BOOK, title="A book")
    with pytest.raises(ValueError, match="shelf has no value copies"):
        fold.put(SHELF, BOOK, copies="3")
