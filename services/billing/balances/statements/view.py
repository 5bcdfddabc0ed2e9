"""A statement as rows of text, for the page and the PDF alike; pure."""

from __future__ import annotations

from typing import Any

from services.billing.balances.statements.model import Content, Visit, aging
from services.billing.balances.statements.services import plain_words
from services.billing.balances.statements.texts import Words, words_of, write_day
from services.billing.money import dollars

Row = tuple[str, str]


def shown(content: Content) -> dict[str, Any]:
    """Headings, rows and paragraphs in the patient's language; nothing is left to a template."""
    words, language = words_of(content.language), content.language
    return {
        "language": language,
        "title": f"{words[content.notice]} · {content.practice.name}",
        "heading": words[content.notice],
        "practice": {"name": content.practice.name, "lines": list(content.practice.address)},
        "patient": {"name": content.patient.name, "lines": list(content.patient.address)},
        "to": words["to"],
        "facts": [
            (words["account"], content.account_number),
            (words["number"], content.statement_number),
            (words["issued"], write_day(content.issued_on, language)),
            (words["due"], write_day(content.due_on, language)),
        ],
        "due": (words["amount_due"], dollars(content.balance_cents)),
        "final": _final(content, words),
        "offer": {"heading": words["offer"], "paragraphs": _offer(content, words)},
        "summary": _section(words, "summary", _summary(content, words)),
        "total": (words["amount_due"], dollars(content.balance_cents)),
        "columns": (words["service"], words["amount"]),
        "visits": words["visits"],
        "visit": [_visit(visit, content, words) for visit in content.visits],
        "payments": _section(words, "payments", _payments(content, words)),
        "aging": _section(words, "aging", _aging(content, words)),
        "how": {"heading": words["how"], "paragraphs": _how(content, words)},
        "help": {"heading": words["help"], "paragraphs": _help(content, words)},
        "rights": {"heading": words["rights"], "paragraphs": [words["no_estimate"]]},
    }


def _final(content: Content, words: Words) -> str | None:
    if content.notice != "final-notice":
        return None
    if content.offer is None or content.offer.hand_off_from is None:
        return words["final_text"]
    day = write_day(content.offer.hand_off_from, content.language)
    return f"{words['final_text']} {words['final_day'].format(day=day)}"


def _offer(content: Content, words: Words) -> list[str]:
    if content.offer is None:
        return []
    offer = content.offer
    said = words["offer_text"].format(hospital=offer.hospital, phone=offer.phone, url=offer.url)
    return [said, words["offer_days"]]


def _section(words: Words, name: str, rows: list[Row]) -> dict[str, Any]:
    return {"heading": words[name], "rows": rows}


def _summary(content: Content, words: Words) -> list[Row]:
    rows = [
        (words["previous"], dollars(content.previous_cents)),
        (words["new"], dollars(content.new_cents)),
        (words["payments_since"], dollars(-content.paid_cents)),
    ]
    if content.other_cents:
        rows.append((words["other"], dollars(content.other_cents)))
    return rows


def _visit(visit: Visit, content: Content, words: Words) -> dict[str, Any]:
    language = content.language
    day = write_day(visit.service_on, language)
    heading = words["visit_with"] if visit.clinician else words["visit"]
    return {
        "heading": heading.format(day=day, clinician=visit.clinician or ""),
        "services": _services(visit, content, words),
        "parts": _parts(visit, words),
        "share": (words["share"], dollars(visit.open_cents)),
        "paragraphs": [_why(visit, words), *_protections(visit, words)],
    }


def _services(visit: Visit, content: Content, words: Words) -> list[Row]:
    rows: list[Row] = []
    for line in visit.services:
        said = plain_words(line.procedure_code, content.language)
        if line.units > 1:
            said = words["units"].format(service=said, units=line.units)
        rows.append((said, dollars(line.charge_cents)))
    return rows


def _parts(visit: Visit, words: Words) -> list[Row]:
    """What became of the charge; what is zero is left out."""
    taken_off = {
        words["insurance_paid"].format(payer=visit.payer): visit.insurance_paid_cents,
        words["adjusted"]: visit.adjusted_cents,
        words["forgiven"]: visit.forgiven_cents,
        words["paid"]: visit.patient_paid_cents,
    }
    charge = (words["charge"], dollars(visit.charge_cents))
    return [charge, *((label, dollars(-cents)) for label, cents in taken_off.items() if cents)]


def _why(visit: Visit, words: Words) -> str:
    said = [words[reason.kind].format(amount=dollars(reason.cents)) for reason in visit.reasons]
    return words["why"].format(reasons="; ".join(said or [words["by_insurer"]]))


def _protections(visit: Visit, words: Words) -> list[str]:
    said: list[str] = []
    if visit.estimate is not None:
        said.append(
            words["estimate"].format(
                expected=dollars(visit.estimate.expected_cents),
                billed=dollars(visit.charge_cents),
            )
        )
        if visit.estimate.disputable:
            said.append(words["dispute"])
    if visit.protection is not None:
        said.append(words[visit.protection])
    return said


def _payments(content: Content, words: Words) -> list[Row]:
    return [
        (f"{write_day(paid.on, content.language)}, {words[paid.method]}", dollars(paid.cents))
        for paid in content.payments
    ]


def _aging(content: Content, words: Words) -> list[Row]:
    buckets = aging(content.visits, content.issued_on)
    return [(words[f"age_{place}"], dollars(cents)) for place, cents in enumerate(buckets)]


def _how(content: Content, words: Words) -> list[str]:
    said: list[str] = []
    if content.portal_url:
        said.append(words["how_online"].format(url=content.portal_url))
    if content.phone:
        said.append(words["how_phone"].format(phone=content.phone))
    address = ", ".join(content.practice.address)
    said.append(words["how_mail"].format(practice=content.practice.name, address=address))
    return said


def _help(content: Content, words: Words) -> list[str]:
    return [*([words["help_text"]] if content.assistance else []), words["help_plan"]]
