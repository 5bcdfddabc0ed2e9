-- A connection's profile has versions; a message may be taken again after one; who read a message
-- is kept.

-- Written with the first change, beginning with the version that the connection was opened with:
-- a connection without rows here still has that one.
CREATE TABLE connection_profile (
    practice_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    profile jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    -- NULL: the version of the opening.
    changed_by text,
    PRIMARY KEY (practice_id, connection_id, version),
    FOREIGN KEY (practice_id, connection_id) REFERENCES connection
);
SELECT own_by_practice('connection_profile');

-- A message that was refused may be taken again, as it was received.
ALTER TABLE message ADD COLUMN reprocessed_at timestamptz;

-- Who was shown what a message says, when and what for.
CREATE TABLE message_access (
    practice_id uuid NOT NULL,
    access_id uuid NOT NULL,
    message_id uuid NOT NULL,
    accessed_at timestamptz NOT NULL,
    accessed_by text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (practice_id, access_id),
    FOREIGN KEY (practice_id, message_id) REFERENCES message
);
CREATE INDEX message_access_by_message ON message_access (practice_id, message_id, accessed_at);
SELECT own_by_practice('message_access');
