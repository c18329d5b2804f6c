-- A device is judged anew where `judged` is not the stamp of the knowledge that is loaded; what `matter` is made of decides
-- what advisories say of it. `findings` and `worst` (-1: none) count what is found and more than possible.
ALTER TABLE device ADD COLUMN matter INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN judged INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN findings INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN worst INTEGER NOT NULL DEFAULT -1;
CREATE INDEX device_judged ON device (judged);
CREATE INDEX device_worst ON device (worst, uid);

-- What is found, without the device: devices of one kind share it.
CREATE TABLE ruling (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  topic TEXT NOT NULL,
  kind INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  status INTEGER NOT NULL,
  treatment INTEGER NOT NULL,
  exploited INTEGER NOT NULL,
  title TEXT NOT NULL,
  words TEXT NOT NULL,
  cves TEXT NOT NULL,
  body BLOB NOT NULL
);
CREATE INDEX ruling_topic ON ruling (topic);

-- `rank` orders from the worst; `told` is 0 until an event told of it.
CREATE TABLE finding (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uid TEXT NOT NULL,
  device INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  ruling INTEGER NOT NULL REFERENCES ruling (id),
  part INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  found INTEGER NOT NULL,
  ended INTEGER,
  told INTEGER NOT NULL,
  UNIQUE (device, uid)
);
CREATE INDEX finding_uid ON finding (uid);
CREATE INDEX finding_rank ON finding (rank, id);
CREATE INDEX finding_ruling ON finding (ruling, device);
CREATE INDEX finding_untold ON finding (rank, id) WHERE told = 0;
CREATE INDEX finding_ended ON finding (ended) WHERE ended IS NOT NULL;
