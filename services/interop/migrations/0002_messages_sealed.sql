-- Messages as they came are kept sealed with the practice's data key; their size is kept beside.
-- A row from before has its size in `raw` itself, which stays as it was.

ALTER TABLE message ADD COLUMN bytes integer CHECK (bytes >= 0);
COMMENT ON COLUMN message.raw IS 'An encrypted value (AES-256-GCM), sealed for message/MESSAGE_ID';
