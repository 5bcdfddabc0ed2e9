-- Accounts for what patients owe and pay, for what is written off, and for what payers take back.

ALTER TABLE journal_line
    DROP CONSTRAINT journal_line_account_check,
    ADD CONSTRAINT journal_line_account_check CHECK (account IN (
        'payer-receivable', 'patient-receivable', 'agency-receivable', 'charges', 'cash',
        'contractual-adjustment', 'provider-adjustment', 'payer-advance', 'interest',
        'unapplied-cash', 'patient-credit', 'charity-care', 'small-balance', 'bad-debt',
        'administrative-write-off', 'unclaimed-property'));

ALTER TABLE journal_entry ADD COLUMN payer_id text;
COMMENT ON COLUMN journal_entry.payer_id IS
    'Who owes or pays, from 0006 on; null: the patient, or nobody';
COMMENT ON COLUMN journal_entry.event_id IS
    'The event that says so, of charges and their reversals from 0004 on, of decisions from 0006';
