-- Files travel through the exchange directory or a mailbox; what could not be done is seen.

ALTER TABLE interchange
    ADD COLUMN mailbox text,
    ADD COLUMN failure text,
    ADD COLUMN failed_at timestamptz,
    ADD CHECK ((failure IS NULL) = (failed_at IS NULL));
COMMENT ON COLUMN interchange.mailbox IS
    'As the directory of payers said when it was written; null: the exchange directory';
COMMENT ON COLUMN interchange.failure IS 'services/billing/exchange/port.py, Failure; the last one';

CREATE INDEX interchange_not_sent ON interchange (practice_id, interchange_number)
    WHERE sent_at IS NULL AND failure IS NOT NULL;

CREATE TABLE mailbox_look (
    practice_id uuid NOT NULL,
    mailbox text NOT NULL,
    looked_at timestamptz NOT NULL,
    failure text,
    failures integer NOT NULL,
    PRIMARY KEY (practice_id, mailbox),
    CHECK ((failure IS NULL) = (failures = 0))
);
COMMENT ON COLUMN mailbox_look.failures IS 'Looks in a row that came to nothing';
SELECT own_by_practice('mailbox_look');
