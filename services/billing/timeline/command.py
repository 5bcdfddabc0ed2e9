"""`mainstay claims show`: a claim's story from the running platform, for a person at a terminal."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from libs.cli.asking import ask
from libs.cli.platform import load_platform
from services.billing.money import dollars


def show_claim(practice_id: UUID, claim_id: UUID, as_json: bool) -> None:
    found: dict[str, Any] = ask(
        load_platform(), "billing", "GET", f"/claims/{claim_id}/timeline", practice_id=practice_id
    )
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    claim, console = found["claim"], Console(highlight=False)
    console.print(
        f"[bold]{escape(claim['control_number'])}[/bold] · service {claim['service_on']} · "
        f"{escape(claim['payer_id'] or 'the patient pays')} · charged "
        f"{dollars(claim['charge_cents'])} · [bold]{claim['state']}[/bold]",
        soft_wrap=True,
    )
    table = Table("when", "what", "amount", show_lines=False)
    for step in found["steps"]:
        amount = "" if step["cents"] is None else dollars(step["cents"])
        table.add_row(step["at"][:16].replace("T", " "), escape(step["words"]), amount)
    console.print(table)
    console.print(
        f"open: payer {dollars(found['payer_cents'])}, patient {dollars(found['patient_cents'])}"
    )
    console.print(f"next: {escape(found['next'])}", soft_wrap=True)
