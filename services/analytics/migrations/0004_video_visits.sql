-- Visits by video, for the share of them.

ALTER TABLE scorecard ADD COLUMN video_visits bigint NOT NULL DEFAULT 0;
