-- 0015 named the one payer of the claims that there were, and reached none of them: row-level
-- security is forced, and the owner sees no rows while it is.
ALTER TABLE claim NO FORCE ROW LEVEL SECURITY;
UPDATE claim SET payers = ARRAY[payer_id]
 WHERE payer_id IS NOT NULL AND encounter_id IS NOT NULL AND payers = '{}';
ALTER TABLE claim FORCE ROW LEVEL SECURITY;
