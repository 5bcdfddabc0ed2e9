-- Rules are asked of a replacement before it goes out, too: it is the next state of its visit.

ALTER TABLE claim_edit ADD COLUMN revision integer NOT NULL DEFAULT 1 CHECK (revision >= 1);
COMMENT ON COLUMN claim_edit.revision IS
    'The state of the visit that it was found on; after the claim''s own: of a correction that waits';
ALTER TABLE claim_edit ALTER COLUMN revision DROP DEFAULT;

-- The owner sees rows only where their security is not forced.
ALTER TABLE claim NO FORCE ROW LEVEL SECURITY;
ALTER TABLE claim_edit NO FORCE ROW LEVEL SECURITY;
UPDATE claim_edit e SET revision = c.revision
  FROM claim c WHERE c.practice_id = e.practice_id AND c.claim_id = e.claim_id;
ALTER TABLE claim FORCE ROW LEVEL SECURITY;
ALTER TABLE claim_edit FORCE ROW LEVEL SECURITY;

-- Which rules looked at a claim last is kept with each edit.
ALTER TABLE claim DROP COLUMN rules_revision;
