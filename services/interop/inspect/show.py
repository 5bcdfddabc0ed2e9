"""What an inspection found, for a person at a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.interop.inspect.fhir import FhirInspection
from services.interop.inspect.hl7 import Hl7Inspection
from services.interop.inspect.model import ToMap

_VERDICTS = {
    "AA": "[green]AA[/green] taken",
    "AE": "[red]AE[/red] refused",
    "AR": "[red]AR[/red] refused",
}


def show_hl7(inspection: Hl7Inspection, console: Console) -> None:
    found = inspection.found
    taken = sum(message.ack == "AA" for message in found.messages)
    console.print(f"[bold]{escape(found.file)}[/bold]: {taken} of {len(found.messages)} taken")
    table = Table("message", "verdict", "where", "what to do, or what it becomes", show_lines=True)
    for message in found.messages:
        name = f"{message.type or '?'} {message.control_id}\nversion {message.version or '?'}"
        places = [reason.field or reason.segment or "message" for reason in message.reasons]
        said = [reason.message for reason in message.reasons] or list(message.events)
        if not said:
            said = ["nothing new: it says what is known already"]
        said += [f"{fact.replace('_', ' ')} from {at}" for fact, at in message.read_from.items()]
        table.add_row(
            escape(name), _VERDICTS[message.ack], escape("\n".join(places)), escape("\n".join(said))
        )
    console.print(table)
    _show_to_map(inspection.to_map, inspection.used.is_made_up, console)


def show_fhir(inspection: FhirInspection, console: Console) -> None:
    found = inspection.found
    verdict = "[green]taken[/green]" if found.is_accepted else "[red]refused as a whole[/red]"
    console.print(f"[bold]{escape(found.file)}[/bold]: {verdict}")
    held = ", ".join(f"{count} {kind}" for kind, count in found.resources.items())
    console.print(f"holds {escape(held) or 'no resources'}")
    if found.refused:
        table = Table("where", "what to do", show_lines=True)
        for issue in found.refused:
            table.add_row(escape(issue.expression), escape(issue.message))
    else:
        table = Table("becomes", "how many")
        for kind, count in found.events.items():
            table.add_row(kind, str(count))
    console.print(table)
    if inspection.history:
        console.print(f"kept as history: {inspection.history} visits and appointments")
    _show_to_map(inspection.to_map, inspection.used.is_made_up, console)


def _show_to_map(to_map: ToMap, is_made_up: bool, console: Console) -> None:
    lines = to_map.lines()
    if lines:
        console.print(f"to be mapped: {escape(', '.join(lines))}", soft_wrap=True)
    if is_made_up:
        console.print(
            "[dim]inspected for a sandbox, which knows every payer and clinician that no profile "
            "names; --profile FILE takes a connection's own[/dim]",
            soft_wrap=True,
        )
