-- Appointments are counted by what became of them: they are moved to other months, cancelled, and
-- missed or kept after all, so what is known of each is a state and no sum.

CREATE TABLE appointment (
    generation integer NOT NULL,
    practice_id uuid NOT NULL,
    appointment_id uuid NOT NULL,
    service_month date NOT NULL,
    state text NOT NULL CHECK (state IN ('booked', 'missed', 'cancelled', 'in-error', 'completed')),
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    topic text NOT NULL,
    log_partition integer NOT NULL,
    log_offset bigint NOT NULL,
    PRIMARY KEY (generation, practice_id, appointment_id)
);
CREATE INDEX appointment_by_month ON appointment (generation, practice_id, service_month, state);
SELECT own_projection('appointment');

-- Only version 1 of the scorecard adds to these; it is read, and goes on, until version 2 is built.
ALTER TABLE scorecard
    ALTER COLUMN booked SET DEFAULT 0,
    ALTER COLUMN missed SET DEFAULT 0;

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
 WHERE state <> 'in-error';
