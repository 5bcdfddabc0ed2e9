"""What rules look at, in one query; what they found, in one statement; and the counts of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.claims.model import Claim
from services.billing.scrub.model import Edit

# Another claim is live unless it is void or the patient's to pay. Of two that are held, the later
# one is the duplicate: each would wait for the other for ever. Beside a claim that its payer has
# ($7 null), what is held is the later one.
READ_FACTS = """
WITH survivor AS (
    SELECT coalesce((SELECT survivor_id FROM alias
                      WHERE practice_id = $1 AND patient_id = $3), $3) AS id
), chart AS (
    SELECT id FROM survivor
    UNION ALL
    SELECT patient_id FROM alias JOIN survivor ON survivor_id = id WHERE practice_id = $1
), same_day AS (
    SELECT l.line_number, l.procedure_code, l.modifiers, l.units, l.diagnosis_pointers,
           l.charge_cents
      FROM claim c JOIN claim_line l USING (practice_id, claim_id)
     WHERE c.practice_id = $1 AND c.patient_id IN (SELECT id FROM chart) AND c.claim_id <> $2
       AND c.service_on = $4 AND c.provider_npi = $5 AND c.payer_id = $6
       AND c.state NOT IN ('voided', 'self-pay')
       AND (c.state <> 'held' OR c.control_number < $7)
), line AS (
    SELECT line_number, procedure_code, modifiers, units, diagnosis_pointers, charge_cents
      FROM claim_line WHERE practice_id = $1 AND claim_id = $2
), edition AS (
    SELECT DISTINCT ON (kind) kind, edition, effective_on FROM code_set
     WHERE practice_id = $1 AND effective_on <= $4 AND (ends_on IS NULL OR $4 < ends_on)
     ORDER BY kind, effective_on DESC
), part AS (
    SELECT s.code_set_id, s.kind FROM code_set s
      JOIN edition e ON e.kind = s.kind AND e.effective_on = s.effective_on
     WHERE s.practice_id = $1
)
SELECT json_build_object(
    'billing_npi', (SELECT npi FROM practice WHERE practice_id = $1),
    'terms', (SELECT terms FROM payer WHERE practice_id = $1 AND payer_id = $6),
    'filing_codes', (SELECT json_object_agg(payer_id, terms ->> 'filing_code') FROM payer
                      WHERE practice_id = $1 AND payer_id = ANY ($9)),
    'authorization_codes', (SELECT authorization_codes FROM payer_rule
                             WHERE practice_id = $1 AND payer_id = $6 AND effective_on <= $4
                             ORDER BY effective_on DESC, told_at DESC LIMIT 1),
    'lines', (SELECT json_agg(line ORDER BY line_number) FROM line),
    'same_day', (SELECT json_agg(same_day) FROM same_day),
    'editions', (SELECT json_object_agg(kind, edition) FROM edition),
    'sets', (SELECT json_object_agg(kind, ids)
               FROM (SELECT kind, json_agg(code_set_id) AS ids FROM part GROUP BY kind) AS sets),
    'overridden', (SELECT json_agg(rule_id) FROM edit_override
                    WHERE practice_id = $1 AND claim_id = $2 AND revision = $8),
    'stopped_by', (SELECT json_agg(DISTINCT rule_id) FROM claim_edit
                    WHERE practice_id = $1 AND claim_id = $2 AND severity = 'error'
                      AND mended_at IS NULL)
)
"""
# By values, not by a join: CMS's table of pairs has millions of rows, and its key finds these few.
READ_CODES = """
SELECT json_build_object(
    'icd-10-cm', (SELECT json_agg(code) FROM code_set_code
                   WHERE practice_id = $1 AND code_set_id = ANY ($4::uuid[])
                     AND code = ANY ($3::text[])
                     AND (effective_on IS NULL OR effective_on <= $2)
                     AND (ends_on IS NULL OR $2 <= ends_on)),
    'procedures', (SELECT json_agg(code) FROM code_set_code
                    WHERE practice_id = $1 AND code_set_id = ANY ($5::uuid[])
                      AND code = ANY ($8::text[])
                      AND (effective_on IS NULL OR effective_on <= $2)
                      AND (ends_on IS NULL OR $2 <= ends_on)),
    'ncci-units', (SELECT json_agg(json_build_array(code, most_units, adjudication))
                     FROM code_set_code
                    WHERE practice_id = $1 AND code_set_id = ANY ($6::uuid[])
                      AND code = ANY ($8::text[])),
    'ncci-pairs', (SELECT json_agg(json_build_array(column1, column2, effective_on, deleted_on,
                                                    modifier_indicator))
                     FROM code_pair
                    WHERE practice_id = $1 AND code_set_id = ANY ($7::uuid[])
                      AND column1 = ANY ($8::text[]) AND column2 = ANY ($8::text[]))
)
"""
SAVE_EDITS = """
WITH found AS (
    SELECT * FROM jsonb_to_recordset($3::jsonb) AS f(
        rule_id text, line_number int, place text, severity text, explanation text)
), kept AS (
    INSERT INTO claim_edit AS e (practice_id, claim_id, rule_id, line_number, place, severity,
                                 explanation, rules_revision, found_at, revision)
    SELECT $1, $2, rule_id, line_number, place, severity, explanation, $4, $5, $7 FROM found
    ON CONFLICT (practice_id, claim_id, rule_id, line_number, place) DO UPDATE
       SET severity = excluded.severity, explanation = excluded.explanation,
           rules_revision = excluded.rules_revision, mended_at = NULL,
           revision = excluded.revision,
           found_at = CASE WHEN e.mended_at IS NULL THEN e.found_at ELSE excluded.found_at END
), mended AS (
    UPDATE claim_edit e SET mended_at = $5
     WHERE practice_id = $1 AND claim_id = $2 AND mended_at IS NULL
       AND NOT EXISTS (SELECT FROM found f WHERE f.rule_id = e.rule_id
                          AND f.line_number = e.line_number AND f.place = e.place)
)
UPDATE claim SET is_clean = coalesce(is_clean, true) AND $6
 WHERE practice_id = $1 AND claim_id = $2
"""
_TABLES = ("ncci-units", "ncci-pairs")
NOT_CLEAN = "UPDATE claim SET is_clean = false WHERE practice_id = $1 AND claim_id = $2"
LIST_EDITS = """
SELECT e.rule_id, e.severity, e.line_number, e.place, e.explanation, e.rules_revision, e.found_at,
       e.mended_at, o.because, o.overridden_by, o.overridden_at
  FROM claim_edit e
  LEFT JOIN edit_override o ON o.practice_id = e.practice_id AND o.claim_id = e.claim_id
        AND o.rule_id = e.rule_id AND o.revision = e.revision AND e.severity = 'error'
 WHERE e.practice_id = $1 AND e.claim_id = $2
 ORDER BY e.mended_at NULLS FIRST, e.line_number, e.rule_id, e.place
"""
FIND_OVERRIDE = """
SELECT because FROM edit_override
 WHERE practice_id = $1 AND claim_id = $2 AND revision = $3 AND rule_id = $4
"""
STOPS = """
SELECT EXISTS (SELECT FROM claim_edit WHERE practice_id = $1 AND claim_id = $2 AND rule_id = $3
                  AND severity = 'error' AND mended_at IS NULL)
"""
FIND_REVISION = """
SELECT max(revision) FROM claim_edit
 WHERE practice_id = $1 AND claim_id = $2 AND rule_id = $3 AND severity = 'error'
"""
ADD_OVERRIDE = "INSERT INTO edit_override VALUES ($1, $2, $3, $4, $5, $6, $7)"
DROP_OVERRIDES = """
DELETE FROM edit_override WHERE practice_id = $1 AND claim_id = $2 AND revision > $3
"""
COUNT_MONTHS = """
SELECT date_trunc('month', service_on)::date AS month, count(*) AS scrubbed,
       count(*) FILTER (WHERE is_clean) AS clean,
       count(*) FILTER (WHERE state IN ('paid', 'denied')) AS decided,
       count(*) FILTER (WHERE state = 'paid' AND NOT was_refused AND NOT EXISTS (
           SELECT FROM posting p WHERE p.practice_id = c.practice_id AND p.claim_id = c.claim_id
              AND p.denied_cents <> 0)) AS settled_first
  FROM claim c
 WHERE practice_id = $1 AND is_clean IS NOT NULL AND state <> 'voided'
   AND ($2::date IS NULL OR service_on < $2)
 GROUP BY 1 ORDER BY 1 DESC LIMIT $3
"""


async def read_facts(
    db: Db,
    claim: Claim,
    diagnoses: Sequence[str],
    replacement: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Raw facts of a claim by name, as the two statements name them; null where there is none.

    `replacement`: its lines as they are to go out in place of those that the payer has, which are
    `replaced` then. The second statement is asked only of a practice that loaded code sets for the
    day.
    """
    number = claim.control_number if replacement is None else None
    facts: dict[str, Any] = json.loads(
        await db.fetchval(
            READ_FACTS, claim.practice_id, claim.claim_id, claim.patient_id, claim.service_on,
            claim.provider_npi, claim.payer_id, number, claim.revision, claim.payers,
        )
    )  # fmt: skip
    if replacement is not None:
        facts |= {"lines": replacement, "replaced": facts["lines"]}
    sets: dict[str, list[str]] = facts["sets"] or {}
    if not sets:
        return facts
    of_kinds = [sets.get(kind, []) for kind in ("icd-10-cm", "procedures", *_TABLES)]
    lines = [*(facts["lines"] or ()), *(facts["same_day"] or ())]
    procedures = list({line["procedure_code"] for line in lines})
    codes = await db.fetchval(
        READ_CODES, claim.practice_id, claim.service_on, diagnoses, *of_kinds, procedures
    )
    return facts | json.loads(codes)


async def save_edits(
    db: Db, claim: Claim, edits: Sequence[Edit], revision: str, at: datetime, *, is_clean: bool
) -> None:
    """Keep what was found; what was found before and is no more counts as mended."""
    rows = json.dumps([asdict(edit) for edit in edits], default=str)
    await db.execute(
        SAVE_EDITS, claim.practice_id, claim.claim_id, rows, revision, at, is_clean, claim.revision
    )


async def note_not_clean(db: Db, claim: Claim) -> None:
    await db.execute(NOT_CLEAN, claim.practice_id, claim.claim_id)


async def list_edits(db: Db, practice_id: UUID, claim_id: UUID) -> list[dict[str, Any]]:
    """What stands first, then what was mended."""
    return [dict(row) for row in await db.fetch(LIST_EDITS, practice_id, claim_id)]


async def find_revision(db: Db, claim: Claim, rule_id: str) -> int | None:
    """The state of the visit on which the rule found an error last; None: it never did."""
    return await db.fetchval(FIND_REVISION, claim.practice_id, claim.claim_id, rule_id)


async def find_override(db: Db, claim: Claim, revision: int, rule_id: str) -> str | None:
    """Why somebody let that state go in spite of the rule; None: nobody did."""
    return await db.fetchval(FIND_OVERRIDE, claim.practice_id, claim.claim_id, revision, rule_id)


async def is_stopped_by(db: Db, claim: Claim, rule_id: str) -> bool:
    return await db.fetchval(STOPS, claim.practice_id, claim.claim_id, rule_id)


async def add_override(
    db: Db, claim: Claim, revision: int, rule_id: str, because: str, by: str, at: datetime
) -> None:
    await db.execute(
        ADD_OVERRIDE, claim.practice_id, claim.claim_id, revision, rule_id, because, by, at
    )


async def drop_overrides(db: Db, claim: Claim) -> None:
    """What was let go of a correction that never went out; another one is asked anew."""
    await db.execute(DROP_OVERRIDES, claim.practice_id, claim.claim_id, claim.revision)


async def count_months(
    db: Db, practice_id: UUID, before: date | None, limit: int
) -> list[dict[str, Any]]:
    """By month of service, the latest first."""
    return [dict(row) for row in await db.fetch(COUNT_MONTHS, practice_id, before, limit)]
