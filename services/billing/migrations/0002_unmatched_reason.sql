-- Why a remitted claim is on the work list.
ALTER TABLE unmatched_remittance ADD COLUMN reason text NOT NULL DEFAULT 'unknown-claim';
ALTER TABLE unmatched_remittance ALTER COLUMN reason DROP DEFAULT;
