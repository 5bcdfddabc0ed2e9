"""What a run came to, and whether every sum agrees with every other."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.console import Console
from rich.table import Table

from libs.local.files import write_whole
from libs.local.run.feed import Feeder
from libs.local.run.platform import LocalPlatform
from libs.local.run.sums import Databases, Key
from libs.service.topics import declared_topics

MONEY = (
    "charge_cents",
    "paid_cents",
    "adjusted_cents",
    "patient_cents",
    "written_off_cents",
    "open_cents",
)
COUNT_STATE = "SELECT count(*) FROM claim WHERE state = '{}'"


@dataclass
class Summary:
    """`figures` as they go into run.json; `differences` in words, empty where all agrees."""

    figures: dict[str, Any]
    differences: list[str] = field(default_factory=list[str])
    refusals: list[str] = field(default_factory=list[str])

    @property
    def reconciles(self) -> bool:
        return not self.differences


async def summarise(platform: LocalPlatform, feeder: Feeder, *, seconds: float) -> Summary:
    """Sum the services' databases, compare them with the scorecard, and count the events."""
    databases = Databases(platform)
    independent = await databases.by_month()
    scorecard = await databases.scorecard()
    figures = await _counts(databases, platform)
    for name in MONEY:
        key = "charges_cents" if name == "charge_cents" else name
        figures[key] = sum(sums.get(name, 0) for sums in independent.values())
    figures["fee_cents"] = sum(sums.get("fee_cents", 0) for sums in independent.values())
    figures["ledger_sum_cents"] = int(
        await databases.value("billing", "SELECT coalesce(sum(cents), 0) FROM journal_line")
    )
    figures["events_published"] = await _published(platform)
    async with platform.client("analytics") as client:
        answer = await client.get("/scorecards")
        figures["scorecard"] = answer.raise_for_status().json()
    figures["ehr_inbox"] = sum(1 for _ in platform.ehr_inbox.glob("*.hl7"))
    figures["seconds"] = round(seconds, 1)
    differences = _compare(independent, scorecard) + _reconcile(figures)
    return Summary(figures, differences, feeder.refused)


async def _counts(databases: Databases, platform: LocalPlatform) -> dict[str, Any]:
    counted: dict[str, Any] = {}
    for name, service, query in (
        ("inputs_received", "interop", "SELECT count(*) FROM message"),
        ("inputs_refused", "interop", "SELECT count(*) FROM message WHERE fate = 'refused'"),
        ("encounters_posted", "interop", "SELECT count(*) FROM encounter WHERE state = 'posted'"),
        ("queries_open", "interop", "SELECT count(*) FROM query WHERE answered_at IS NULL"),
        ("claims_submitted", "billing",
         "SELECT count(*) FROM claim WHERE interchange_number IS NOT NULL"),
        ("claims_paid", "billing", COUNT_STATE.format("paid")),
        ("claims_denied", "billing", COUNT_STATE.format("denied")),
        ("claims_rejected", "billing", COUNT_STATE.format("rejected")),
        ("claims_held", "billing", COUNT_STATE.format("held")),
        ("written_back", "interop", "SELECT count(*) FROM write_back"),
        ("written_back_acknowledged", "interop",
         "SELECT count(*) FROM write_back WHERE answer IN ('AA', 'CA')"),
        ("messages_sent", "engagement", "SELECT count(*) FROM message WHERE state = 'sent'"),
    ):  # fmt: skip
        counted[name] = int(await databases.value(service, query))
    handled = parked = 0
    for service in platform.databases:
        handled += int(
            await databases.value(service, "SELECT coalesce(sum(handled), 0) FROM checkpoint")
        )
        parked += int(await databases.value(service, "SELECT count(*) FROM parked_event"))
    return counted | {"events_handled": handled, "events_parked": parked}


def _compare(
    independent: dict[Key, dict[str, int]], scorecard: dict[Key, dict[str, int]]
) -> list[str]:
    """Where the scorecard says other than the services' own rows."""
    found: list[str] = []
    for key in sorted({*independent, *scorecard}):
        sums, counters = independent.get(key, {}), scorecard.get(key, {})
        found += [
            f"{key[1]:%Y-%m} {str(key[0])[:8]} {name}: the services say {sums[name]}, "
            f"the scorecard {counters.get(name, 0)}"
            for name in sorted(set(sums) - {"open_cents"})
            if sums[name] != counters.get(name, 0)
        ]
    return found


def _reconcile(figures: dict[str, Any]) -> list[str]:
    found: list[str] = []
    parts = sum(figures[name] for name in MONEY[1:])
    if figures["charges_cents"] != parts:
        found.append(
            f"charges {figures['charges_cents']} are not paid + adjusted + patient + written off "
            f"+ open {parts}"
        )
    if figures["ledger_sum_cents"]:
        found.append(f"the ledger sums to {figures['ledger_sum_cents']}, not to zero")
    back = {figures[name] for name in ("written_back", "written_back_acknowledged", "ehr_inbox")}
    if len(back) > 1:
        found.append(
            f"{figures['written_back']} messages are for the EHR, it acknowledged "
            f"{figures['written_back_acknowledged']} and has {figures['ehr_inbox']}"
        )
    if figures["events_parked"]:
        found.append(f"{figures['events_parked']} events are parked: ./mainstay parked list")
    return found


async def _published(platform: LocalPlatform) -> int:
    """How many events the topics hold."""
    client = AIOKafkaConsumer(bootstrap_servers=platform.backends.kafka)
    await client.start()
    try:
        partitions = [
            TopicPartition(topic.name, partition)
            for topic in declared_topics()
            for partition in range(topic.partitions)
        ]
        return sum((await client.end_offsets(partitions)).values())
    finally:
        await client.stop()


def write_summary(summary: Summary, path: Path) -> None:
    """Write run.json, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = summary.figures | {"differences": summary.differences}
    write_whole(path, json.dumps(told, indent=1, default=str).encode())


def print_summary(summary: Summary) -> None:
    """Print the table that a person reads."""
    table = Table(title="One run, reconciled" if summary.reconciles else "One run")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in summary.figures.items():
        if name == "scorecard":
            continue
        shown = f"{value / 100:,.2f} $" if name.endswith("_cents") else f"{value:,}"
        table.add_row(name.removesuffix("_cents").replace("_", " "), shown)
    console = Console()
    console.print(table)
    for refusal in summary.refusals:
        console.print(f"refused  {refusal}", highlight=False)
    for difference in summary.differences:
        console.print(f"[red]differs[/red]  {difference}", highlight=False)
    console.print(
        f"{summary.figures['written_back']:,} messages went back to the EHR, "
        f"{summary.figures['written_back_acknowledged']:,} of them acknowledged"
    )
    if summary.reconciles:
        console.print(
            "charges = paid + adjusted + patient + written off + open; ledger 0; "
            "scorecard = services"
        )
