-- Interchanges of every kind are numbered by one count: claims, and questions about them.

ALTER TABLE interchange ADD COLUMN kind text NOT NULL DEFAULT '837'
    CHECK (kind IN ('837', '270', '276'));
ALTER TABLE interchange ALTER COLUMN kind DROP DEFAULT;
