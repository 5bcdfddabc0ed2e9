"""Providers and places around a claim in an 837P: addresses, 2310A to 2310C."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.x12.characters import code, text
from services.billing.x12.claims_837p import (
    Address,
    ReferringProvider,
    RenderingProvider,
    ServiceFacility,
)
from services.billing.x12.code_lists import STATES
from services.billing.x12.errors import RefusedElementError
from services.billing.x12.persons import person


def address(place: Address, loop: str) -> Iterator[str]:
    """N3 and N4."""
    yield f"N3*{text(place.line, f'{loop} N301', 55)}"
    city = text(place.city, f"{loop} N401", 30, 2)
    state = code(place.state, f"{loop} N402", 2, 2)
    if state not in STATES:
        raise RefusedElementError("format", f"{loop} N402", "A state's code is expected.")
    postal_code = code(place.postal_code, f"{loop} N403", 5, 9)
    if len(postal_code) not in (5, 9) or not postal_code.isdigit():
        raise RefusedElementError("format", f"{loop} N403", "5 or 9 digits are expected.")
    yield f"N4*{city}*{state}*{postal_code}"


def referring_provider(provider: ReferringProvider) -> Iterator[str]:
    """2310A."""
    npi = code(provider.npi, "2310A NM109", 10, 10)
    yield f"{person('NM1*DN*1', provider.name, '2310A')}*XX*{npi}"


def rendering_provider(provider: RenderingProvider) -> Iterator[str]:
    """2310B."""
    npi = code(provider.npi, "2310B NM109", 10, 10)
    yield f"{person('NM1*82*1', provider.name, '2310B')}*XX*{npi}"
    yield f"PRV*PE*PXC*{code(provider.taxonomy, '2310B PRV03', 10, 10)}"


def service_facility(facility: ServiceFacility) -> Iterator[str]:
    """2310C."""
    name = f"NM1*77*2*{text(facility.name, '2310C NM103', 60)}"
    if facility.npi is not None:
        name += f"*****XX*{code(facility.npi, '2310C NM109', 10, 10)}"
    yield name
    yield from address(facility.address, "2310C")
