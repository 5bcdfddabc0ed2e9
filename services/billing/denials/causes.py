"""Which rules of the scrubber are proposed for a procedure."""

from __future__ import annotations

ABOUT_A_PROCEDURE = frozenset({"authorization-missing", "ncci-pairs", "mue-line", "mue-clinical"})
"""Rules that are proposed for the procedure that was denied."""
