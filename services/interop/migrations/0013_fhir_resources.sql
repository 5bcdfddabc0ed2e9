-- FHIR resources as an EHR sent them, so that ones that come later may refer to them.

CREATE TABLE fhir_resource (
    practice_id uuid NOT NULL,
    -- The EHR's interfaces share their resources, as they share patients and visits.
    source_system text NOT NULL,
    type text NOT NULL,
    id text NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    sealed bytea NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, source_system, type, id)
);
COMMENT ON COLUMN fhir_resource.sealed IS
    'An encrypted value (AES-256-GCM) of the resource, sealed for fhir/SOURCE_SYSTEM/TYPE/ID';
SELECT own_by_practice('fhir_resource');

-- By which identifier a resource is found: a keyed fingerprint, so that nobody can try a chart
-- number.
CREATE TABLE fhir_identifier (
    practice_id uuid NOT NULL,
    source_system text NOT NULL,
    type text NOT NULL,
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 16),
    id text NOT NULL,
    PRIMARY KEY (practice_id, source_system, type, fingerprint, id),
    FOREIGN KEY (practice_id, source_system, type, id) REFERENCES fhir_resource
);
CREATE INDEX fhir_identifier_of ON fhir_identifier (practice_id, source_system, type, id);
SELECT own_by_practice('fhir_identifier');

-- What belongs to a visit or a patient: the charges and conditions of one, the coverages of another.
CREATE TABLE fhir_part (
    practice_id uuid NOT NULL,
    source_system text NOT NULL,
    owner_type text NOT NULL,
    owner_id text NOT NULL,
    type text NOT NULL,
    id text NOT NULL,
    PRIMARY KEY (practice_id, source_system, owner_type, owner_id, type, id),
    FOREIGN KEY (practice_id, source_system, type, id) REFERENCES fhir_resource
);
CREATE INDEX fhir_part_of ON fhir_part (practice_id, source_system, type, id);
SELECT own_by_practice('fhir_part');
