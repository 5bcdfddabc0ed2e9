"""What the payer does wrong on request: a fraction of interchanges for each kind of fault."""

from __future__ import annotations

from typing import Literal, get_args

from libs.local.payer.decisions import Policy, draw

Fault = Literal[
    "reject-ta1", "reject-999", "duplicate-835", "unbalanced-835", "garbage", "plb", "lose-claim"
]  # fmt: skip
"""`lose-claim` strikes single claims: they are heard of no more, and not found when asked after."""
Faults = dict[Fault, float]


def parse_faults(text: str) -> Faults:
    """`duplicate-835=0.1,plb` as fractions (none given: 1); ValueError names the wrong part."""
    faults: Faults = {}
    for item in filter(None, text.split(",")):
        name, _, fraction = item.partition("=")
        known = [fault for fault in get_args(Fault) if fault == name.strip()]
        if not known:
            raise ValueError(f"no fault is named {name}; there are {', '.join(get_args(Fault))}")
        value = float(fraction) if fraction else 1.0
        if not 0 <= value <= 1:
            raise ValueError(f"{name}: a fraction from 0 to 1 is expected")
        faults[known[0]] = value
    return faults


def happens(faults: Faults, fault: Fault, policy: Policy, key: str) -> bool:
    """Whether the fault strikes the interchange named by `key`; always the same answer."""
    return draw(policy, fault, key) < faults.get(fault, 0.0)
