-- Less to keep and less to write. Indexes that change with every round are those that a list is read by; what is only
-- looked up stands in indexes that do not change. The map is summed up as it is written.

-- Devices: the key decides where an order is equal, and what they are counted by is counted in memory.
DROP INDEX device_last;
DROP INDEX device_first;
DROP INDEX device_name;
DROP INDEX device_vendor;
DROP INDEX device_model;
DROP INDEX device_category;
DROP INDEX device_location;
DROP INDEX device_criticality;
DROP INDEX device_site_last;
DROP INDEX device_site_key;
DROP INDEX facet_vendor;
DROP INDEX facet_model;
DROP INDEX facet_category;
DROP INDEX facet_os;
DROP INDEX facet_grp;
DROP INDEX facet_owner;
DROP INDEX facet_place;
DROP INDEX facet_scope;
DROP INDEX facet_lifecycle;
CREATE INDEX device_last ON device (last_seen);
CREATE INDEX device_first ON device (first_seen);
CREATE INDEX device_name ON device (name);
CREATE INDEX device_vendor ON device (vendor);
CREATE INDEX device_model ON device (model);
CREATE INDEX device_category ON device (category);
CREATE INDEX device_location ON device (location);
CREATE INDEX device_criticality ON device (criticality);
CREATE INDEX device_site_last ON device (site, last_seen);
CREATE INDEX device_site_key ON device (site_key);

-- The lowest VLAN, by which the map draws together, and a fingerprint of the body: where it is the same, none is written.
ALTER TABLE device ADD COLUMN vlan INTEGER;
ALTER TABLE device ADD COLUMN body INTEGER NOT NULL DEFAULT 0;
UPDATE device SET vlan = (SELECT MIN(CAST(t.value AS INTEGER)) FROM device_term x JOIN term t ON t.id = x.term
  WHERE x.device = device.id AND t.field = 65)
WHERE EXISTS (SELECT 1 FROM device_term x JOIN term t ON t.id = x.term WHERE x.device = device.id AND t.field = 65);

-- Traffic between groups of devices: all of it, by day, and by hour for some days. `kind` is what they are drawn together by;
-- `a` and `b` are labels. `conversations` of a day or hour are those that had their last traffic then.
CREATE TABLE link_total (
  kind INTEGER NOT NULL,
  site INTEGER NOT NULL REFERENCES site (id),
  a INTEGER NOT NULL REFERENCES label (id),
  b INTEGER NOT NULL REFERENCES label (id),
  protocol INTEGER NOT NULL REFERENCES label (id),
  conversations INTEGER NOT NULL,
  flows INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (kind, site, a, b, protocol)
) WITHOUT ROWID;
CREATE TABLE link_day (
  bucket INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  site INTEGER NOT NULL,
  a INTEGER NOT NULL,
  b INTEGER NOT NULL,
  conversations INTEGER NOT NULL,
  flows INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (bucket, kind, site, a, b)
) WITHOUT ROWID;
CREATE TABLE link_hour (
  bucket INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  site INTEGER NOT NULL,
  a INTEGER NOT NULL,
  b INTEGER NOT NULL,
  conversations INTEGER NOT NULL,
  flows INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (bucket, kind, site, a, b)
) WITHOUT ROWID;

INSERT OR IGNORE INTO label (name)
  SELECT category FROM device
  UNION SELECT grp FROM device
  UNION SELECT site_key FROM device
  UNION SELECT COALESCE(CAST(vlan AS TEXT), CHAR(1114111)) FROM device
  UNION SELECT vendor FROM device;
CREATE TABLE link_node (
  device INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  label INTEGER NOT NULL,
  PRIMARY KEY (device, kind)
) WITHOUT ROWID;
INSERT INTO link_node (device, kind, label)
  SELECT d.id, 1, l.id FROM device d JOIN label l ON l.name = d.category
  UNION ALL SELECT d.id, 2, l.id FROM device d JOIN label l ON l.name = d.grp
  UNION ALL SELECT d.id, 3, l.id FROM device d JOIN label l ON l.name = d.site_key
  UNION ALL SELECT d.id, 4, l.id FROM device d JOIN label l ON l.name = COALESCE(CAST(d.vlan AS TEXT), CHAR(1114111))
  UNION ALL SELECT d.id, 5, l.id FROM device d JOIN label l ON l.name = d.vendor;
INSERT INTO link_total (kind, site, a, b, protocol, conversations, flows, bytes, last)
  SELECT o.kind, c.site, o.label, r.label, c.protocol, COUNT(*), SUM(c.flows), SUM(c.bytes), MAX(c.last)
  FROM conversation c JOIN link_node o ON o.device = c.originator JOIN link_node r ON r.device = c.responder AND r.kind = o.kind
  GROUP BY o.kind, c.site, o.label, r.label, c.protocol;
INSERT INTO link_day (bucket, kind, site, a, b, conversations, flows, bytes, last)
  SELECT h.bucket, o.kind, c.site, o.label, r.label,
    SUM(CASE WHEN c.last / 86400000000000 = h.bucket THEN 1 ELSE 0 END), SUM(h.flows), SUM(h.bytes),
    MAX(MIN(c.last, (h.bucket + 1) * 86400000000000 - 1))
  FROM conversation_day h JOIN conversation c ON c.id = h.conversation JOIN link_node o ON o.device = c.originator JOIN link_node r ON r.device = c.responder AND r.kind = o.kind
  GROUP BY h.bucket, o.kind, c.site, o.label, r.label;
INSERT INTO link_hour (bucket, kind, site, a, b, conversations, flows, bytes, last)
  SELECT h.bucket, o.kind, c.site, o.label, r.label,
    SUM(CASE WHEN c.last / 3600000000000 = h.bucket THEN 1 ELSE 0 END), SUM(h.flows), SUM(h.bytes),
    MAX(MIN(c.last, (h.bucket + 1) * 3600000000000 - 1))
  FROM conversation_hour h JOIN conversation c ON c.id = h.conversation JOIN link_node o ON o.device = c.originator JOIN link_node r ON r.device = c.responder AND r.kind = o.kind
  WHERE h.bucket > (SELECT MAX(m.bucket) FROM conversation_hour m) - 72
  GROUP BY h.bucket, o.kind, c.site, o.label, r.label;
DROP TABLE link_node;

-- Conversations: by time and by volume of all, by volume of who answers. Their hours were only needed for the map.
DROP TABLE conversation_hour;
DROP INDEX conversation_originator;
DROP INDEX conversation_responder;
DROP INDEX conversation_last;
DROP INDEX conversation_bytes;
DROP INDEX conversation_protocol;
DROP INDEX conversation_site;
CREATE INDEX conversation_last ON conversation (last);
CREATE INDEX conversation_bytes ON conversation (bytes);
CREATE INDEX conversation_responder ON conversation (responder, bytes);
CREATE INDEX conversation_protocol ON conversation (protocol);
CREATE INDEX conversation_site ON conversation (site);

-- What is counted in a time lies together by time: it is written at the end, removed at the start, and needs no second
-- index.
ALTER TABLE traffic_hour RENAME TO old_traffic;
DROP INDEX traffic_hour_bucket;
CREATE TABLE traffic_hour (
  bucket INTEGER NOT NULL,
  owner INTEGER NOT NULL,
  flows INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (bucket, owner)
) WITHOUT ROWID;
INSERT INTO traffic_hour (bucket, owner, flows, packets, bytes)
  SELECT bucket, owner, flows, packets, bytes FROM old_traffic ORDER BY bucket, owner;
DROP TABLE old_traffic;
ALTER TABLE traffic_day RENAME TO old_traffic;
DROP INDEX traffic_day_bucket;
CREATE TABLE traffic_day (
  bucket INTEGER NOT NULL,
  owner INTEGER NOT NULL,
  flows INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (bucket, owner)
) WITHOUT ROWID;
INSERT INTO traffic_day (bucket, owner, flows, packets, bytes)
  SELECT bucket, owner, flows, packets, bytes FROM old_traffic ORDER BY bucket, owner;
DROP TABLE old_traffic;

-- `busy` counts the hours in use.
ALTER TABLE use_day RENAME TO old_use;
DROP INDEX use_day_bucket;
CREATE TABLE use_day (
  bucket INTEGER NOT NULL,
  device INTEGER NOT NULL,
  hours INTEGER NOT NULL,
  busy INTEGER NOT NULL,
  actions INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (bucket, device)
) WITHOUT ROWID;
INSERT INTO use_day (bucket, device, hours, busy, actions, last)
  SELECT bucket, device, hours, ((hours >> 0) & 1) + ((hours >> 1) & 1) + ((hours >> 2) & 1) + ((hours >> 3) & 1) + ((hours >> 4) & 1) +
    ((hours >> 5) & 1) + ((hours >> 6) & 1) + ((hours >> 7) & 1) + ((hours >> 8) & 1) + ((hours >> 9) & 1) +
    ((hours >> 10) & 1) + ((hours >> 11) & 1) + ((hours >> 12) & 1) + ((hours >> 13) & 1) + ((hours >> 14) & 1) +
    ((hours >> 15) & 1) + ((hours >> 16) & 1) + ((hours >> 17) & 1) + ((hours >> 18) & 1) + ((hours >> 19) & 1) +
    ((hours >> 20) & 1) + ((hours >> 21) & 1) + ((hours >> 22) & 1) + ((hours >> 23) & 1),
    actions, last
  FROM old_use ORDER BY bucket, device;
DROP TABLE old_use;
