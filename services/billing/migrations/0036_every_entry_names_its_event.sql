-- Every entry names the event behind it. The check of 0035 is proven while others post; NOT NULL
-- then needs no scan of its own. Where entries have no event this changes nothing and says so:
-- README.md beside this file has what to do.

ALTER TABLE journal_entry VALIDATE CONSTRAINT entry_names_its_event;
ALTER TABLE journal_entry ALTER COLUMN event_id SET NOT NULL;
ALTER TABLE journal_entry DROP CONSTRAINT entry_names_its_event;
COMMENT ON COLUMN journal_entry.event_id IS 'The event that says the same';
