"""Files that are put aside for a person: a closed code, where in the file, and what to do."""

from __future__ import annotations

from pydantic import ValidationError

from services.billing.x12 import X12Error


class RefusedFileError(Exception):
    """A file that changes nothing. `place` names segments or elements, never their content."""

    def __init__(self, code: str, place: str, fix: str) -> None:
        super().__init__(code)
        self.code = code
        self.place = place
        self.fix = fix


def refusal_of(error: X12Error | ValidationError | RefusedFileError) -> RefusedFileError:
    """The same refusal in the words of the table, whoever found what is wrong."""
    if isinstance(error, RefusedFileError):
        return error
    if isinstance(error, X12Error):
        return RefusedFileError(error.code, f"segment {error.segment_number}", error.fix)
    fields = sorted({".".join(map(str, found["loc"])) for found in error.errors()})
    return RefusedFileError(
        "value-out-of-contract",
        f"{error.title}: {', '.join(fields)}",
        "Ask the sender to correct the value; it is too long or has a form of its own.",
    )
