-- Roll-outs as projects: an interface, a patient portal, telehealth; their steps, and who did each.

CREATE TABLE project (
    practice_id uuid NOT NULL,
    project_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('interface', 'portal', 'telehealth')),
    name text NOT NULL,
    connection_id uuid,
    -- The types of message that the interface was agreed to carry.
    message_types text[] NOT NULL,
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    PRIMARY KEY (practice_id, project_id),
    FOREIGN KEY (practice_id, connection_id) REFERENCES connection,
    CHECK ((kind = 'interface') = (connection_id IS NOT NULL)),
    CHECK ((kind = 'interface') = (cardinality(message_types) > 0))
);
CREATE INDEX project_by_connection ON project (practice_id, connection_id);
SELECT own_by_practice('project');

CREATE TABLE project_step (
    practice_id uuid NOT NULL,
    project_id uuid NOT NULL,
    step text NOT NULL,
    place smallint NOT NULL,
    owner text NOT NULL,
    due_on date NOT NULL,
    done_at timestamptz,
    done_by text,
    -- Of a sign-off: what was signed, and the signer's name, sealed for project/PROJECT_ID/STEP.
    profile_version text,
    signed_by bytea,
    PRIMARY KEY (practice_id, project_id, step),
    FOREIGN KEY (practice_id, project_id) REFERENCES project,
    CHECK ((done_at IS NULL) = (done_by IS NULL)),
    CHECK ((profile_version IS NULL) = (signed_by IS NULL))
);
SELECT own_by_practice('project_step');

-- What a portal's own report says, and how many patients the practice had when it was told.
CREATE TABLE project_adoption (
    practice_id uuid NOT NULL,
    project_id uuid NOT NULL,
    as_of date NOT NULL,
    active_patients integer NOT NULL CHECK (active_patients >= 0),
    patients integer NOT NULL CHECK (patients >= active_patients),
    told_at timestamptz NOT NULL,
    told_by text NOT NULL,
    PRIMARY KEY (practice_id, project_id, as_of),
    FOREIGN KEY (practice_id, project_id) REFERENCES project
);
SELECT own_by_practice('project_adoption');
