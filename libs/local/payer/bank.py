"""The bank's notice that a payment has come: one ACH file with a CCD+ entry (Nacha, 94 characters).

Its addenda record repeats the 835's TRN, as 45 CFR 162.1602 has it, so that both can be put
together.
"""

from __future__ import annotations

from datetime import date

_ROUTING = "99999999"


def write_deposit(trace: str, origin: str, cents: int, paid_on: date, number: int) -> bytes:
    """A payment of `cents` under the trace number TRN02 from the company TRN03."""
    on, company = f"{paid_on:%y%m%d}", origin[:10]
    payment = f"TRN*1*{trace}*{origin}~"
    entry = f"{_ROUTING}{number % 10_000_000:07d}"
    records = [
        f"101 {_ROUTING}2 {_ROUTING}2{on}1200A094101{'BANK':23}{'SIMULATED PAYER':23}{'':8}",
        f"5220{'SIMULATED PAYER':16}{'':20}{company:10}CCD{'HCCLAIMPMT':10}{on}{on}   1{_ROUTING}"
        f"{1:07d}",
        f"622{_ROUTING}2{'123456':17}{cents:010d}{'':15}{'PRACTICE':22}  1{entry}",
        f"705{payment:80}{1:04d}{number % 10_000_000:07d}",
        f"8220{2:06d}{int(_ROUTING):010d}{0:012d}{cents:012d}{company:10}{'':19}{'':6}{_ROUTING}"
        f"{1:07d}",
        f"9{1:06d}{1:06d}{2:08d}{int(_ROUTING):010d}{0:012d}{cents:012d}{'':39}",
    ]
    records += ["9" * 94] * (10 - len(records))
    return "".join(f"{record}\n" for record in records).encode("ascii")
