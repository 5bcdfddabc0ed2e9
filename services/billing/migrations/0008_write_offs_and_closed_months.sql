-- Balances that are given up, by one person or two, and months that are closed.

CREATE TABLE write_off_policy (
    practice_id uuid PRIMARY KEY,
    alone_cents bigint NOT NULL CHECK (alone_cents >= 0)
);
COMMENT ON COLUMN write_off_policy.alone_cents IS
    'What one person may write off of a claim, all their write-offs of it together';
SELECT own_by_practice('write_off_policy');

CREATE TABLE write_off (
    practice_id uuid NOT NULL,
    write_off_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    owed_by text NOT NULL CHECK (owed_by IN ('payer', 'patient')),
    payer_id text CHECK (owed_by = 'payer' OR payer_id IS NULL),
    reason text NOT NULL,
    cents bigint NOT NULL CHECK (cents > 0),
    state text NOT NULL CHECK (state IN ('proposed', 'posted', 'declined', 'reversed')),
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    reversed_by text,
    reversed_at timestamptz,
    PRIMARY KEY (practice_id, write_off_id),
    FOREIGN KEY (practice_id, claim_id) REFERENCES claim,
    CHECK (decided_by <> proposed_by),
    CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
    CHECK ((state = 'reversed') = (reversed_by IS NOT NULL))
);
COMMENT ON COLUMN write_off.decided_by IS 'The second person; null: none was needed, or none yet';
CREATE INDEX write_off_by_claim ON write_off (practice_id, claim_id);
CREATE INDEX write_off_proposed ON write_off (practice_id, proposed_at, write_off_id)
    WHERE state = 'proposed';
SELECT own_by_practice('write_off');

-- What stood in each account at the end of a month, and what was posted in it.
CREATE TABLE closed_month (
    practice_id uuid NOT NULL,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    entries bigint NOT NULL,
    sha256 bytea NOT NULL,
    closed_by text NOT NULL,
    closed_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, month)
);
SELECT own_by_practice('closed_month');
REVOKE UPDATE, DELETE, TRUNCATE ON closed_month FROM billing;

CREATE TABLE closed_account (
    practice_id uuid NOT NULL,
    month date NOT NULL,
    account text NOT NULL,
    opening_cents bigint NOT NULL,
    movement_cents bigint NOT NULL,
    PRIMARY KEY (practice_id, month, account),
    FOREIGN KEY (practice_id, month) REFERENCES closed_month
);
SELECT own_by_practice('closed_account');
REVOKE UPDATE, DELETE, TRUNCATE ON closed_account FROM billing;

CREATE INDEX journal_entry_by_time ON journal_entry (practice_id, posted_at);

-- An entry of a closed month is refused, as a serialization failure: who posts it tries again, and
-- by then it is a later month. The lock lets entries pass beside one another, but not beside a
-- closing: whoever comes after it waits, and then sees the month closed.
CREATE FUNCTION month_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(
        hashtextextended('billing.months/' || NEW.practice_id, 0));
    IF EXISTS (SELECT FROM closed_month WHERE practice_id = NEW.practice_id
                  AND month = date_trunc('month', NEW.posted_at AT TIME ZONE 'UTC')::date) THEN
        RAISE EXCEPTION 'the month of journal entry % is closed', NEW.entry_id
            USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER month_is_open BEFORE INSERT ON journal_entry
    FOR EACH ROW EXECUTE FUNCTION month_is_open();
