-- Rules are asked of a replacement before it goes out, too: it is the next state of its visit.

ALTER TABLE claim_edit ADD COLUMN revision integer;
UPDATE claim_edit e SET revision = c.revision
  FROM claim c WHERE c.practice_id = e.practice_id AND c.claim_id = e.claim_id;
ALTER TABLE claim_edit ALTER COLUMN revision SET NOT NULL;
COMMENT ON COLUMN claim_edit.revision IS
    'The state of the visit that it was found on; after the claim''s own: of a correction that waits';

-- Which rules looked at a claim last is kept with each edit.
ALTER TABLE claim DROP COLUMN rules_revision;
