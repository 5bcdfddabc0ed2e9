-- The scorecard: sums per practice and service month, and the events that they are sums of.

-- A row as soon as anything is heard of a practice; its name comes with its onboarding.
CREATE TABLE practice (
    generation integer NOT NULL,
    practice_id uuid NOT NULL,
    name text,
    PRIMARY KEY (generation, practice_id)
);
SELECT own_projection('practice');
-- Somebody who may see all practices must first know which there are; routes check the caller.
CREATE POLICY directory ON practice FOR SELECT USING (true);

CREATE TABLE scorecard (
    generation integer NOT NULL,
    practice_id uuid NOT NULL,
    service_month date NOT NULL CHECK (extract(day FROM service_month) = 1),
    encounters bigint NOT NULL,
    booked bigint NOT NULL,
    missed bigint NOT NULL,
    queries_opened bigint NOT NULL,
    charge_cents bigint NOT NULL,
    claims bigint NOT NULL,
    claims_submitted bigint NOT NULL,
    claims_accepted bigint NOT NULL,
    claims_rejected bigint NOT NULL,
    claims_held bigint NOT NULL,
    claims_released bigint NOT NULL,
    paid_cents bigint NOT NULL,
    adjusted_cents bigint NOT NULL,
    patient_cents bigint NOT NULL,
    denied_cents bigint NOT NULL,
    adjudicated bigint NOT NULL,
    clean bigint NOT NULL,
    denied bigint NOT NULL,
    work_rvu_hundredths bigint NOT NULL,
    pay_cents bigint NOT NULL,
    fee_cents bigint NOT NULL,
    PRIMARY KEY (generation, practice_id, service_month)
);
SELECT own_projection('scorecard');

-- What one event added to one counter: every figure opens to these, and they sum to it.
CREATE TABLE figure_event (
    generation integer NOT NULL,
    practice_id uuid NOT NULL,
    service_month date NOT NULL,
    counter text NOT NULL,
    event_id uuid NOT NULL,
    amount bigint NOT NULL,
    event_type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    topic text NOT NULL,
    log_partition integer NOT NULL,
    log_offset bigint NOT NULL,
    PRIMARY KEY (generation, practice_id, service_month, counter, event_id)
);
SELECT own_projection('figure_event');

-- What stands still for now, such as a claim on hold: the last event about it wins. A claim may be
-- held again for another reason before it is released, so events held less events released is no
-- count of claims.
CREATE TABLE waiting (
    generation integer NOT NULL,
    practice_id uuid NOT NULL,
    counter text NOT NULL,
    waiting_id uuid NOT NULL,
    waits boolean,
    service_month date,
    reason text,
    event_id uuid,
    event_type text,
    occurred_at timestamptz,
    topic text,
    log_partition integer,
    log_offset bigint,
    PRIMARY KEY (generation, practice_id, counter, waiting_id)
);
SELECT own_projection('waiting');

-- All contributions alike; it sees what its reader may see.
CREATE VIEW contribution WITH (security_invoker = true) AS
SELECT generation, practice_id, service_month, counter, event_id, amount, event_type, occurred_at,
       topic, log_partition, log_offset, NULL AS reason
  FROM figure_event
UNION ALL
SELECT generation, practice_id, service_month, counter, event_id, 1, event_type, occurred_at,
       topic, log_partition, log_offset, reason
  FROM waiting
 WHERE waits AND service_month IS NOT NULL;
