-- When a practice's charges were posted, for how long after the day of service.
CREATE INDEX journal_entry_of_charges ON journal_entry (practice_id, posted_at)
    WHERE kind = 'charge';
