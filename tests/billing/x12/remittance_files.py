"""835 files for tests, small and large, right unless a test spoils them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

ISA = (
    "ISA*00*          *00*          *ZZ*PAYER          *ZZ*MAINSTAY       *250304*0930*^*00501"
    "*000000007*0*T*:"
)
GS = "GS*HP*PAYER*MAINSTAY*20250304*0930*7*X*005010X221A1"
HEAD = (
    "BPR*I*96*C*ACH*CCP*01*999999992*DA*123456*1512345678**01*999988880*DA*98765*20250304",
    "TRN*1*TRACE7*1512345678",
    "N1*PR*SAMPLE HEALTH PLAN",
    "REF*2U*PAYER1",
    "N1*PE*ELM FAMILY MEDICINE*XX*1234567893",
    "LX*1",
)
CLAIM = (
    "CLP*CLAIM1*1*160*96*24*12*PCN1*11*1",
    "NM1*QC*1*DOE*JANE",
    "DTM*232*20250303",
    "SVC*HC:G0439:25*100*60**1",
    "DTM*472*20250303",
    "CAS*CO*45*25",
    "CAS*PR*2*15",
    "REF*6R*CLAIM1-1",
    "AMT*B6*75",
    "SVC*HC:G0444*60*36**1",
    "CAS*CO*45*15**253*0",
    "CAS*PR*2*9",
    "REF*6R*CLAIM1-2",
)

_WORDY = (
    "NM1*TT*2*SECONDARY HEALTH PLAN OF THE SAMPLE STATE AND ITS NEIGHBOURS*****PI*99999",
    "PER*CX*PROVIDER SERVICES DEPARTMENT*TE*8005550100*FX*8005550101*UR*PROVIDERS.EXAMPLE.ORG",
)


def remittance(body: Sequence[str] = (*HEAD, *CLAIM), line_end: str = "\n") -> bytes:
    """One interchange around the body, its counts and control numbers right."""
    rows = [ISA, GS, "ST*835*0001", *body, f"SE*{len(body) + 2}*0001", "GE*1*7", "IEA*1*000000007"]
    return "".join(f"{row}~{line_end}" for row in rows).encode()


class GeneratedRemittance(io.RawIOBase):
    """A balanced 835 of many claims that is made while it is read, so that it fills no memory."""

    def __init__(self, claims: int) -> None:
        self._rest = b""
        self._rows = self._generate(claims)
        self.size = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        parts, length = [self._rest], len(self._rest)
        while length < size and (row := next(self._rows, b"")):
            parts.append(row)
            length += len(row)
        content = b"".join(parts)
        self._rest = content[size:]
        self.size += len(content[:size])
        return content[:size]

    def _generate(self, claims: int) -> Iterator[bytes]:
        head = [ISA, GS, "ST*835*0001", HEAD[0].replace("*96*", f"*{96 * claims}*"), *HEAD[1:]]
        yield "".join(f"{row}~\n" for row in head).encode()
        claim = "".join(f"{row}~\n" for row in (*CLAIM[:2], *_WORDY, *CLAIM[2:]))
        for number in range(claims):
            yield claim.replace("CLAIM1", f"CLAIM{number:08d}").encode()
        count = 1 + len(HEAD) + claims * len(CLAIM + _WORDY) + 1
        yield f"SE*{count}*0001~\nGE*1*7~\nIEA*1*000000007~\n".encode()
