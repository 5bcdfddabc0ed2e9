-- SMART Backend Services: a fhir connection's client, proven by its public keys.

-- One client a connection; its id is written from the two ids.
CREATE TABLE smart_client (
    practice_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    -- Public keys only, in the members that we read.
    keys jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, connection_id),
    FOREIGN KEY (practice_id, connection_id) REFERENCES connection
);
SELECT own_by_practice('smart_client');

-- Assertions that were used, until they would be refused for their age. They outlive the client:
-- one that is removed and registered again with the same keys takes none twice.
CREATE TABLE smart_assertion (
    practice_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    jti_sha256 bytea NOT NULL CHECK (octet_length(jti_sha256) = 32),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, connection_id, jti_sha256),
    FOREIGN KEY (practice_id, connection_id) REFERENCES connection
);
SELECT own_by_practice('smart_assertion');

-- Access tokens; what has expired goes when the client asks for the next one.
CREATE TABLE smart_token (
    practice_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    token_sha256 bytea NOT NULL CHECK (octet_length(token_sha256) = 32),
    scope text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, connection_id, token_sha256),
    FOREIGN KEY (practice_id, connection_id) REFERENCES smart_client
);
SELECT own_by_practice('smart_token');
