-- Not sealed after all: no contract marks a clinician's name, which the NPI registry publishes with
-- the NPI (72 FR 30011).
COMMENT ON COLUMN clinician.family IS 'Public: the NPI registry has it';
COMMENT ON COLUMN clinician.given IS 'Public: the NPI registry has it';
