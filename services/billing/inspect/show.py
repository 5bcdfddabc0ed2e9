"""What an inspection found, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.billing.inspect.model import (
    CLEAN,
    HELD,
    InspectedFile,
    InspectedTransaction,
    Problem,
)
from services.billing.money import dollars

_VERDICTS = {CLEAN: "[green]clean[/green]", HELD: "[red]held[/red]"}


def show_file(found: InspectedFile, console: Console) -> None:
    verdict = _VERDICTS.get(found.verdict, "[red]cannot be read[/red]")
    console.print(f"[bold]{escape(found.file)}[/bold]: {verdict}")
    for one in found.transactions:
        console.print("  " + escape(" · ".join(_about(one))), soft_wrap=True)
        _show_problems(one.problems, console)
    _show_problems(found.problems, console)


def _about(one: InspectedTransaction) -> Iterator[str]:
    """What a person wants to know of it, without the figures that it does not have."""
    yield f"{one.set} {one.control_number} ({one.version})"
    if one.payer or one.payee:
        yield (
            f"{one.payer or '?'} → {one.payee or '?'}"
            if one.set == "835"
            else (f"{one.payee or '?'} and {one.payer or '?'}")
        )
    if one.trace_number:
        yield f"trace {one.trace_number}"
    if one.claims:
        yield f"{one.claims:,} claims, {one.service_lines:,} lines"
    amounts = (
        ("charged", one.charged_cents),
        ("paid", one.paid_cents),
        ("adjusted", one.adjusted_cents),
        ("the patients' part", one.patient_cents),
        ("provider adjustments", one.provider_adjustment_cents),
    )
    yield from (f"{name} {dollars(cents)}" for name, cents in amounts if cents)
    if one.payment_cents is not None:
        yield f"payment {dollars(one.payment_cents)}"
    yield "balanced" if one.balanced else "NOT BALANCED"


def _show_problems(problems: Sequence[Problem], console: Console) -> None:
    if not problems:
        return
    table = Table("segment", "element", "claim", "what is wrong", show_lines=True)
    for problem in problems:
        table.add_row(
            str(problem.segment),
            escape(problem.element or ""),
            escape(problem.claim or ""),
            escape(problem.message),
        )
    console.print(table)
