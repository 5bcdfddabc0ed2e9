"""External code lists that an 837P is checked against before it leaves: short, public, stable."""

from __future__ import annotations

_STATES = """
AA AE AK AL AP AR AS AZ CA CO CT DC DE FL FM GA GU HI IA ID IL IN KS KY LA MA MD ME MH MI MN MO MP
MS MT NC ND NE NH NJ NM NV NY OH OK OR PA PR PW RI SC SD TN TX UT VA VI VT WA WI WV WY
"""
_PLACES = """
01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 31 32 33 34 41 42
49 50 51 52 53 54 55 56 57 58 60 61 62 65 66 71 72 81 99
"""

STATES = frozenset(_STATES.split())
"""States, territories and military mail (USPS Publication 28, appendix B)."""

PLACES_OF_SERVICE = frozenset(_PLACES.split())
"""CMS place of service codes for professional claims."""

_REPORTS = """
03 04 05 06 07 08 09 10 11 13 15 21 A3 A4 AM AS B2 B3 B4 BR BS BT CB CK CT D2 DA DB DG DJ DS EB HC
HR I5 IR LA M1 MT NN OB OC OD OE OX OZ P4 P5 PE PN PO PQ PY PZ RB RR RT RX SG V5 XP
"""

ATTACHMENT_TYPES = frozenset(_REPORTS.split())
"""PWK01, report type code (005010X222A1, loop 2300)."""

ATTACHMENT_TRANSMISSIONS = frozenset({"AA", "BM", "EL", "EM", "FT", "FX"})
"""PWK02, report transmission code."""

MEDICARE = frozenset({"MA", "MB"})
"""SBR09, claim filing indicator: Medicare part A and part B."""
MEDICARE_SECONDARY = frozenset({"12", "13", "14", "15", "16", "41", "42", "43", "47"})
"""SBR05, insurance type (005010X222A1, 2000B and 2320): why Medicare is not the first payer."""
