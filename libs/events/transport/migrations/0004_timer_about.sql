-- Keys of events that a timer is about, beside its own: it waits while one of them is parked.
ALTER TABLE timer ADD COLUMN about text[] NOT NULL DEFAULT '{}';
