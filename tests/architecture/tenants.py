"""What PostgreSQL's own catalogue says of a service's database: is every practice's row its own?"""

from __future__ import annotations

from typing import Any

from libs.events.transport.database import Db

OPEN_POLICIES = {
    ("analytics", "practice", "directory"),  # which practices there are, to offer after sign-in
    ("interop", "practice", "directory"),
}
"""(service, table, policy): read by everybody, on purpose."""

TABLES = """
SELECT c.relname AS name, n.nspname AS schema, c.relkind::text AS kind,
       c.relrowsecurity AND c.relforcerowsecurity AS forced,
       pg_get_userbyid(c.relowner) AS owner,
       coalesce('security_invoker=true' = ANY (c.reloptions), false) AS invoker,
       EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS has_policy
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
   AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname <> 'migration'
"""
POLICIES = """
SELECT p.polname AS name, c.relname AS table,
       pg_get_expr(p.polqual, p.polrelid) AS reads,
       pg_get_expr(p.polwithcheck, p.polrelid) AS writes
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
 WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'practice_id'
                  AND NOT a.attisdropped)
"""
UNIQUE_KEYS = """
SELECT c.relname AS name,
       array_agg(coalesce(a.attname::text, '(expression)') ORDER BY k.place) AS columns,
       coalesce(bool_and(a.attidentity <> ''), false) AS identity
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indrelid
  CROSS JOIN LATERAL unnest(i.indkey::int[]) WITH ORDINALITY AS k(number, place)
  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
 WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique AND k.place <= i.indnkeyatts
   AND EXISTS (SELECT FROM pg_attribute p WHERE p.attrelid = c.oid AND p.attname = 'practice_id')
 GROUP BY c.relname, i.indexrelid
"""
ROLE = """
SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
       EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid) AS is_member
  FROM pg_roles r WHERE rolname = $1
"""
DEFINERS = """
SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace
"""


async def faults(db: Db, service: str) -> list[str]:
    """A line for each way around row-level security; raises where the database has no table."""
    tables = [dict(row) for row in await db.fetch(TABLES)]
    if not tables:
        raise LookupError(f"{service} has no table: was it migrated?")
    found = [fault for table in tables for fault in _of_table(table, service)]
    found += [fault for row in await db.fetch(POLICIES) for fault in _of_policy(row, service)]
    found += [
        f"{key['name']}: unique {', '.join(key['columns'])} begins with no practice"
        for key in await db.fetch(UNIQUE_KEYS)
        if not key["identity"] and not _tenant_first(key["columns"])
    ]
    found += await faults_of_role(db, service)
    found += [f"{row['proname']}(): runs as its owner" for row in await db.fetch(DEFINERS)]
    return sorted(found)


async def faults_of_role(db: Db, role: str) -> list[str]:
    """A line for each attribute that would let a login role past row-level security."""
    found = await db.fetchrow(ROLE, role)
    return [f"{role}: {name}" for name, so in dict(found or {"is no role": True}).items() if so]


def _of_table(table: dict[str, Any], service: str) -> list[str]:
    name = table["name"]
    found: list[str] = []
    if table["schema"] != "public":
        found.append(f"{name}: stands in schema {table['schema']}")
    if table["owner"] != f"{service}_owner":
        found.append(f"{name}: belongs to {table['owner']}")
    if table["kind"] in ("m", "f"):
        found.append(f"{name}: row-level security does not reach this kind of table")
    elif table["kind"] == "v":
        if not table["invoker"]:
            found.append(f"{name}: a view that reads as its owner")
    elif not (table["forced"] and table["has_policy"]):
        found.append(f"{name}: row-level security is not forced")
    return found


def _of_policy(policy: Any, service: str) -> list[str]:
    """Every policy asks whose row it is, or lets in the transport itself."""
    if (service, policy["table"], policy["name"]) in OPEN_POLICIES:
        return []
    asked = ("current_practices()", "is_transport()")
    return [
        f"{policy['table']}: policy {policy['name']} {what} any practice's rows"
        for what in ("reads", "writes")
        if policy[what] is not None and not any(one in policy[what] for one in asked)
    ]


def _tenant_first(columns: list[str]) -> bool:
    """A key that does not begin with the practice tells one practice of another's rows."""
    return columns[0] == "practice_id" or columns[:2] == ["generation", "practice_id"]
