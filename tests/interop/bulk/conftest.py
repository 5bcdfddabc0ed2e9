"""A connection over which an EHR's export comes."""

from tests.interop.fhir.conftest import key

__all__ = ["key"]
