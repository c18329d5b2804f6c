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
DROP INDEX facet_status;
DROP INDEX facet_lifecycle;
CREATE INDEX device_standing ON device (site, status, scope, id);
CREATE INDEX device_last ON device (last_seen, id);
-- With what is counted of devices of an age.
CREATE INDEX device_first ON device (first_seen, scope, site);
CREATE INDEX device_name ON device (name, id);
CREATE INDEX device_vendor ON device (vendor, id);
CREATE INDEX device_model ON device (model, id);
CREATE INDEX device_category ON device (category, id);
CREATE INDEX device_location ON device (location, id);
CREATE INDEX device_criticality ON device (criticality, id);
CREATE INDEX device_site_last ON device (site, last_seen, id);
CREATE INDEX device_site_key ON device (site_key, id);

-- The lowest VLAN, by which the map draws together, and a fingerprint of the body: where it is the same, none is written.
ALTER TABLE device ADD COLUMN vlan BIGINT;
ALTER TABLE device ADD COLUMN body BIGINT NOT NULL DEFAULT 0;
UPDATE device SET vlan = (SELECT MIN(CAST(t.value AS BIGINT)) FROM device_term x JOIN term t ON t.id = x.term
  WHERE x.device = device.id AND t.field = 65)
WHERE EXISTS (SELECT 1 FROM device_term x JOIN term t ON t.id = x.term WHERE x.device = device.id AND t.field = 65);

-- Which letters its words hold, as bits: those of the wire, and those that people say.
ALTER TABLE device ADD COLUMN letters BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN said BIGINT NOT NULL DEFAULT 0;
CREATE TABLE term_letters (
  id BIGINT PRIMARY KEY,
  said BIGINT NOT NULL,
  bits BIGINT NOT NULL
);
INSERT INTO term_letters (id, said, bits)
  SELECT id, CASE WHEN field IN (7, 8, 11) THEN 1 ELSE 0 END,
    CAST(CASE WHEN STRPOS(value, 'a') > 0 THEN 1 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'b') > 0 THEN 2 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'c') > 0 THEN 4 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'd') > 0 THEN 8 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'e') > 0 THEN 16 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'f') > 0 THEN 32 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'g') > 0 THEN 64 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'h') > 0 THEN 128 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'i') > 0 THEN 256 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'j') > 0 THEN 512 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'k') > 0 THEN 1024 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'l') > 0 THEN 2048 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'm') > 0 THEN 4096 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'n') > 0 THEN 8192 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'o') > 0 THEN 16384 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'p') > 0 THEN 32768 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'q') > 0 THEN 65536 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'r') > 0 THEN 131072 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 's') > 0 THEN 262144 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 't') > 0 THEN 524288 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'u') > 0 THEN 1048576 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'v') > 0 THEN 2097152 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'w') > 0 THEN 4194304 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'x') > 0 THEN 8388608 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'y') > 0 THEN 16777216 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, 'z') > 0 THEN 33554432 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, '0') > 0 THEN 67108864 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, '1') > 0 THEN 134217728 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, '2') > 0 THEN 268435456 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, '3') > 0 THEN 536870912 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, '4') > 0 THEN 1073741824 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, '5') > 0 THEN 2147483648 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, '6') > 0 THEN 4294967296 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, '7') > 0 THEN 8589934592 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, '8') > 0 THEN 17179869184 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, '9') > 0 THEN 34359738368 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, '-') > 0 THEN 68719476736 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, '.') > 0 THEN 137438953472 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, ':') > 0 THEN 274877906944 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, '_') > 0 THEN 549755813888 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, '/') > 0 THEN 1099511627776 ELSE 0 END AS BIGINT)
    | CAST(CASE WHEN STRPOS(value, ' ') > 0 THEN 2199023255552 ELSE 0 END AS BIGINT)
  FROM term WHERE field < 64;
UPDATE device SET letters = COALESCE((SELECT BIT_OR(l.bits)
  FROM device_term x JOIN term_letters l ON l.id = x.term WHERE x.device = device.id AND l.said = 0), 0);
UPDATE device SET said = COALESCE((SELECT BIT_OR(l.bits)
  FROM device_term x JOIN term_letters l ON l.id = x.term WHERE x.device = device.id AND l.said = 1), 0);
DROP TABLE term_letters;

-- Changes are numbered by transactions now.
UPDATE device SET changed = 0 WHERE changed <> 0;
DELETE FROM removed;

-- Traffic between groups of devices: all of it, by day, and by hour for some days. `kind` is what they are drawn together by;
-- `a` and `b` are labels. `conversations` of a day or hour are those that had their last traffic then.
CREATE TABLE link_total (
  kind BIGINT NOT NULL,
  site BIGINT NOT NULL REFERENCES site (id),
  a BIGINT NOT NULL REFERENCES label (id),
  b BIGINT NOT NULL REFERENCES label (id),
  protocol BIGINT NOT NULL REFERENCES label (id),
  conversations BIGINT NOT NULL,
  flows BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (kind, site, a, b, protocol)
);
CREATE TABLE link_day (
  bucket BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  site BIGINT NOT NULL,
  a BIGINT NOT NULL,
  b BIGINT NOT NULL,
  conversations BIGINT NOT NULL,
  flows BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (bucket, kind, site, a, b)
);
CREATE TABLE link_hour (
  bucket BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  site BIGINT NOT NULL,
  a BIGINT NOT NULL,
  b BIGINT NOT NULL,
  conversations BIGINT NOT NULL,
  flows BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (bucket, kind, site, a, b)
);

INSERT INTO label (name)
  SELECT category FROM device
  UNION SELECT grp FROM device
  UNION SELECT site_key FROM device
  UNION SELECT COALESCE(CAST(vlan AS TEXT), U&'\+10FFFF') FROM device
  UNION SELECT vendor FROM device
  ON CONFLICT DO NOTHING;
CREATE TABLE link_node (
  device BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  label BIGINT NOT NULL,
  PRIMARY KEY (device, kind)
);
INSERT INTO link_node (device, kind, label)
  SELECT d.id, 1, l.id FROM device d JOIN label l ON l.name = d.category
  UNION ALL SELECT d.id, 2, l.id FROM device d JOIN label l ON l.name = d.grp
  UNION ALL SELECT d.id, 3, l.id FROM device d JOIN label l ON l.name = d.site_key
  UNION ALL SELECT d.id, 4, l.id FROM device d JOIN label l ON l.name = COALESCE(CAST(d.vlan AS TEXT), U&'\+10FFFF')
  UNION ALL SELECT d.id, 5, l.id FROM device d JOIN label l ON l.name = d.vendor;
INSERT INTO link_total (kind, site, a, b, protocol, conversations, flows, bytes, last)
  SELECT o.kind, c.site, o.label, r.label, c.protocol, COUNT(*), CAST(SUM(c.flows) AS BIGINT), CAST(SUM(c.bytes) AS BIGINT), MAX(c.last)
  FROM conversation c JOIN link_node o ON o.device = c.originator JOIN link_node r ON r.device = c.responder AND r.kind = o.kind
  GROUP BY o.kind, c.site, o.label, r.label, c.protocol;
INSERT INTO link_day (bucket, kind, site, a, b, conversations, flows, bytes, last)
  SELECT h.bucket, o.kind, c.site, o.label, r.label,
    CAST(SUM(CASE WHEN c.last / 86400000000000 = h.bucket THEN 1 ELSE 0 END) AS BIGINT), CAST(SUM(h.flows) AS BIGINT), CAST(SUM(h.bytes) AS BIGINT),
    MAX(LEAST(c.last, (h.bucket + 1) * 86400000000000 - 1))
  FROM conversation_day h JOIN conversation c ON c.id = h.conversation JOIN link_node o ON o.device = c.originator JOIN link_node r ON r.device = c.responder AND r.kind = o.kind
  GROUP BY h.bucket, o.kind, c.site, o.label, r.label;
INSERT INTO link_hour (bucket, kind, site, a, b, conversations, flows, bytes, last)
  SELECT h.bucket, o.kind, c.site, o.label, r.label,
    CAST(SUM(CASE WHEN c.last / 3600000000000 = h.bucket THEN 1 ELSE 0 END) AS BIGINT), CAST(SUM(h.flows) AS BIGINT), CAST(SUM(h.bytes) AS BIGINT),
    MAX(LEAST(c.last, (h.bucket + 1) * 3600000000000 - 1))
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
CREATE INDEX conversation_last ON conversation (last, id);
CREATE INDEX conversation_bytes ON conversation (bytes, id);
CREATE INDEX conversation_responder ON conversation (responder, bytes, id);
CREATE INDEX conversation_protocol ON conversation (protocol);
CREATE INDEX conversation_site ON conversation (site);

-- What is counted in a time lies together by time: it is written at the end, removed at the start, and needs no second
-- index.
ALTER TABLE traffic_hour RENAME TO old_traffic;
DROP INDEX traffic_hour_bucket;
ALTER INDEX traffic_hour_pkey RENAME TO old_traffic_pkey;
CREATE TABLE traffic_hour (
  bucket BIGINT NOT NULL,
  owner BIGINT NOT NULL,
  flows BIGINT NOT NULL,
  packets BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  PRIMARY KEY (bucket, owner)
);
INSERT INTO traffic_hour (bucket, owner, flows, packets, bytes)
  SELECT bucket, owner, flows, packets, bytes FROM old_traffic ORDER BY bucket, owner;
DROP TABLE old_traffic;
ALTER TABLE traffic_day RENAME TO old_traffic;
DROP INDEX traffic_day_bucket;
ALTER INDEX traffic_day_pkey RENAME TO old_traffic_pkey;
CREATE TABLE traffic_day (
  bucket BIGINT NOT NULL,
  owner BIGINT NOT NULL,
  flows BIGINT NOT NULL,
  packets BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  PRIMARY KEY (bucket, owner)
);
INSERT INTO traffic_day (bucket, owner, flows, packets, bytes)
  SELECT bucket, owner, flows, packets, bytes FROM old_traffic ORDER BY bucket, owner;
DROP TABLE old_traffic;

-- `busy` counts the hours in use.
ALTER TABLE use_day ADD COLUMN busy BIGINT NOT NULL DEFAULT 0;
UPDATE use_day SET busy = ((hours >> 0) & 1) + ((hours >> 1) & 1) + ((hours >> 2) & 1) + ((hours >> 3) & 1) + ((hours >> 4) & 1)
  + ((hours >> 5) & 1) + ((hours >> 6) & 1) + ((hours >> 7) & 1) + ((hours >> 8) & 1) + ((hours >> 9) & 1)
  + ((hours >> 10) & 1) + ((hours >> 11) & 1) + ((hours >> 12) & 1) + ((hours >> 13) & 1) + ((hours >> 14) & 1)
  + ((hours >> 15) & 1) + ((hours >> 16) & 1) + ((hours >> 17) & 1) + ((hours >> 18) & 1) + ((hours >> 19) & 1)
  + ((hours >> 20) & 1) + ((hours >> 21) & 1) + ((hours >> 22) & 1) + ((hours >> 23) & 1);
