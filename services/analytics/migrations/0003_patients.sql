-- Who was seen when and how, and which charts are one patient: patients are counted where it is
-- read, so that a merge or its end moves every month at once, in whatever order it was heard. A visit
-- is a state, not a sum: it may be corrected to another day, place or patient, or voided.

CREATE TABLE seen (
    generation integer NOT NULL,
    practice_id uuid NOT NULL,
    encounter_id uuid NOT NULL,
    counts boolean NOT NULL,
    -- What follows is that of the event that said so last; a visit that was only voided has none.
    service_month date,
    patient_id uuid,
    by_video boolean,
    event_id uuid,
    event_type text,
    occurred_at timestamptz,
    topic text,
    log_partition integer,
    log_offset bigint,
    PRIMARY KEY (generation, practice_id, encounter_id),
    CHECK (NOT counts OR event_id IS NOT NULL)
);
CREATE INDEX seen_by_month ON seen (generation, practice_id, service_month) WHERE counts;
SELECT own_projection('seen');

-- The chart that a chart goes by; after an unmerge, itself.
CREATE TABLE chart (
    generation integer NOT NULL,
    practice_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    survivor_id uuid NOT NULL,
    PRIMARY KEY (generation, practice_id, patient_id)
);
SELECT own_projection('chart');

-- One row a patient and month: the first of the patient's visits stands for them.
CREATE VIEW seen_patient WITH (security_invoker = true) AS
SELECT DISTINCT ON (generation, practice_id, service_month, coalesce(survivor_id, patient_id))
       generation, practice_id, service_month, event_id, event_type, occurred_at, topic,
       log_partition, log_offset
  FROM seen LEFT JOIN chart USING (generation, practice_id, patient_id)
 WHERE counts
 ORDER BY generation, practice_id, service_month, coalesce(survivor_id, patient_id), occurred_at,
          event_id;

CREATE OR REPLACE VIEW contribution WITH (security_invoker = true) AS
SELECT generation, practice_id, service_month, counter, event_id, amount, event_type, occurred_at,
       topic, log_partition, log_offset, NULL AS reason
  FROM figure_event
UNION ALL
SELECT generation, practice_id, service_month, counter, event_id, 1, event_type, occurred_at,
       topic, log_partition, log_offset, reason
  FROM waiting
 WHERE waits AND service_month IS NOT NULL
UNION ALL
-- What was booked in error was never booked.
SELECT generation, practice_id, service_month, counter, event_id, 1, event_type, occurred_at,
       topic, log_partition, log_offset, NULL
  FROM appointment
  CROSS JOIN LATERAL (
      SELECT 'booked' AS counter
      UNION SELECT state) AS counted
 WHERE state <> 'in-error'
UNION ALL
SELECT generation, practice_id, service_month, 'patients', event_id, 1, event_type, occurred_at,
       topic, log_partition, log_offset, NULL
  FROM seen_patient
UNION ALL
SELECT generation, practice_id, service_month, 'video_visits', event_id, 1, event_type, occurred_at,
       topic, log_partition, log_offset, NULL
  FROM seen
 WHERE counts AND by_video;
