"""The bodies that `json_body` reads, added to the OpenAPI document: FastAPI does not see them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from libs.events.contracts import Contract

SCHEMAS = "#/components/schemas/"


def describe_bodies(app: FastAPI) -> None:
    """Make `app.openapi` tell of every route's body, also where a strict contract reads it."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            for found in iter_route_contexts(app.routes):
                route = found.original_route
                if isinstance(route, APIRoute) and route.include_in_schema:
                    _describe_body(document, route, path=found.path_format or route.path_format)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi


def _describe_body(document: dict[str, Any], route: APIRoute, *, path: str) -> None:
    contract = _contract_of(route.dependant)
    if contract is None:
        return
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    name = f"{contract.__module__}.{contract.__name__}"
    schema = contract.model_json_schema(ref_template=f"{SCHEMAS}{name}.{{model}}")
    for nested, described in schema.pop("$defs", {}).items():
        schemas[f"{name}.{nested}"] = described
    schemas[name] = schema
    body = {"application/json": {"schema": {"$ref": SCHEMAS + name}}}
    for method in route.methods or ():
        operation = document["paths"][path][method.lower()]
        operation["requestBody"] = {"required": True, "content": body}


def _contract_of(dependant: Dependant) -> type[Contract] | None:
    found: type[Contract] | None = getattr(dependant.call, "contract", None)
    for inner in dependant.dependencies:
        found = found or _contract_of(inner)
    return found
