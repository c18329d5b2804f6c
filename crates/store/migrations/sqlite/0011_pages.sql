-- Whoever keeps use in memory looks for what changed, by the numbers that changes to devices have.
ALTER TABLE use_day ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX use_day_changed ON use_day (changed);

-- As other orders: the key decides where it is equal.
DROP INDEX device_worst;
CREATE INDEX device_worst ON device (worst, id);
