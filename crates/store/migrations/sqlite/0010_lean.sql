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
CREATE INDEX device_standing ON device (site, status, scope);
CREATE INDEX device_last ON device (last_seen);
-- With what is counted of devices of an age.
CREATE INDEX device_first ON device (first_seen, scope, site);
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

-- Which letters its words hold, as bits: those of the wire, and those that people say.
ALTER TABLE device ADD COLUMN letters INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN said INTEGER NOT NULL DEFAULT 0;
CREATE TABLE term_letters (
  id INTEGER PRIMARY KEY,
  said INTEGER NOT NULL,
  bits INTEGER NOT NULL
);
INSERT INTO term_letters (id, said, bits)
  SELECT id, CASE WHEN field IN (7, 8, 11) THEN 1 ELSE 0 END,
    CASE WHEN INSTR(value, 'a') > 0 THEN 1 ELSE 0 END
    + CASE WHEN INSTR(value, 'b') > 0 THEN 2 ELSE 0 END
    + CASE WHEN INSTR(value, 'c') > 0 THEN 4 ELSE 0 END
    + CASE WHEN INSTR(value, 'd') > 0 THEN 8 ELSE 0 END
    + CASE WHEN INSTR(value, 'e') > 0 THEN 16 ELSE 0 END
    + CASE WHEN INSTR(value, 'f') > 0 THEN 32 ELSE 0 END
    + CASE WHEN INSTR(value, 'g') > 0 THEN 64 ELSE 0 END
    + CASE WHEN INSTR(value, 'h') > 0 THEN 128 ELSE 0 END
    + CASE WHEN INSTR(value, 'i') > 0 THEN 256 ELSE 0 END
    + CASE WHEN INSTR(value, 'j') > 0 THEN 512 ELSE 0 END
    + CASE WHEN INSTR(value, 'k') > 0 THEN 1024 ELSE 0 END
    + CASE WHEN INSTR(value, 'l') > 0 THEN 2048 ELSE 0 END
    + CASE WHEN INSTR(value, 'm') > 0 THEN 4096 ELSE 0 END
    + CASE WHEN INSTR(value, 'n') > 0 THEN 8192 ELSE 0 END
    + CASE WHEN INSTR(value, 'o') > 0 THEN 16384 ELSE 0 END
    + CASE WHEN INSTR(value, 'p') > 0 THEN 32768 ELSE 0 END
    + CASE WHEN INSTR(value, 'q') > 0 THEN 65536 ELSE 0 END
    + CASE WHEN INSTR(value, 'r') > 0 THEN 131072 ELSE 0 END
    + CASE WHEN INSTR(value, 's') > 0 THEN 262144 ELSE 0 END
    + CASE WHEN INSTR(value, 't') > 0 THEN 524288 ELSE 0 END
    + CASE WHEN INSTR(value, 'u') > 0 THEN 1048576 ELSE 0 END
    + CASE WHEN INSTR(value, 'v') > 0 THEN 2097152 ELSE 0 END
    + CASE WHEN INSTR(value, 'w') > 0 THEN 4194304 ELSE 0 END
    + CASE WHEN INSTR(value, 'x') > 0 THEN 8388608 ELSE 0 END
    + CASE WHEN INSTR(value, 'y') > 0 THEN 16777216 ELSE 0 END
    + CASE WHEN INSTR(value, 'z') > 0 THEN 33554432 ELSE 0 END
    + CASE WHEN INSTR(value, '0') > 0 THEN 67108864 ELSE 0 END
    + CASE WHEN INSTR(value, '1') > 0 THEN 134217728 ELSE 0 END
    + CASE WHEN INSTR(value, '2') > 0 THEN 268435456 ELSE 0 END
    + CASE WHEN INSTR(value, '3') > 0 THEN 536870912 ELSE 0 END
    + CASE WHEN INSTR(value, '4') > 0 THEN 1073741824 ELSE 0 END
    + CASE WHEN INSTR(value, '5') > 0 THEN 2147483648 ELSE 0 END
    + CASE WHEN INSTR(value, '6') > 0 THEN 4294967296 ELSE 0 END
    + CASE WHEN INSTR(value, '7') > 0 THEN 8589934592 ELSE 0 END
    + CASE WHEN INSTR(value, '8') > 0 THEN 17179869184 ELSE 0 END
    + CASE WHEN INSTR(value, '9') > 0 THEN 34359738368 ELSE 0 END
    + CASE WHEN INSTR(value, '-') > 0 THEN 68719476736 ELSE 0 END
    + CASE WHEN INSTR(value, '.') > 0 THEN 137438953472 ELSE 0 END
    + CASE WHEN INSTR(value, ':') > 0 THEN 274877906944 ELSE 0 END
    + CASE WHEN INSTR(value, '_') > 0 THEN 549755813888 ELSE 0 END
    + CASE WHEN INSTR(value, '/') > 0 THEN 1099511627776 ELSE 0 END
    + CASE WHEN INSTR(value, ' ') > 0 THEN 2199023255552 ELSE 0 END
  FROM term WHERE field < 64;
UPDATE device SET letters = COALESCE((SELECT MAX(l.bits & 1)
    + MAX(l.bits & 2)
    + MAX(l.bits & 4)
    + MAX(l.bits & 8)
    + MAX(l.bits & 16)
    + MAX(l.bits & 32)
    + MAX(l.bits & 64)
    + MAX(l.bits & 128)
    + MAX(l.bits & 256)
    + MAX(l.bits & 512)
    + MAX(l.bits & 1024)
    + MAX(l.bits & 2048)
    + MAX(l.bits & 4096)
    + MAX(l.bits & 8192)
    + MAX(l.bits & 16384)
    + MAX(l.bits & 32768)
    + MAX(l.bits & 65536)
    + MAX(l.bits & 131072)
    + MAX(l.bits & 262144)
    + MAX(l.bits & 524288)
    + MAX(l.bits & 1048576)
    + MAX(l.bits & 2097152)
    + MAX(l.bits & 4194304)
    + MAX(l.bits & 8388608)
    + MAX(l.bits & 16777216)
    + MAX(l.bits & 33554432)
    + MAX(l.bits & 67108864)
    + MAX(l.bits & 134217728)
    + MAX(l.bits & 268435456)
    + MAX(l.bits & 536870912)
    + MAX(l.bits & 1073741824)
    + MAX(l.bits & 2147483648)
    + MAX(l.bits & 4294967296)
    + MAX(l.bits & 8589934592)
    + MAX(l.bits & 17179869184)
    + MAX(l.bits & 34359738368)
    + MAX(l.bits & 68719476736)
    + MAX(l.bits & 137438953472)
    + MAX(l.bits & 274877906944)
    + MAX(l.bits & 549755813888)
    + MAX(l.bits & 1099511627776)
    + MAX(l.bits & 2199023255552)
  FROM device_term x JOIN term_letters l ON l.id = x.term WHERE x.device = device.id AND l.said = 0), 0);
UPDATE device SET said = COALESCE((SELECT MAX(l.bits & 1)
    + MAX(l.bits & 2)
    + MAX(l.bits & 4)
    + MAX(l.bits & 8)
    + MAX(l.bits & 16)
    + MAX(l.bits & 32)
    + MAX(l.bits & 64)
    + MAX(l.bits & 128)
    + MAX(l.bits & 256)
    + MAX(l.bits & 512)
    + MAX(l.bits & 1024)
    + MAX(l.bits & 2048)
    + MAX(l.bits & 4096)
    + MAX(l.bits & 8192)
    + MAX(l.bits & 16384)
    + MAX(l.bits & 32768)
    + MAX(l.bits & 65536)
    + MAX(l.bits & 131072)
    + MAX(l.bits & 262144)
    + MAX(l.bits & 524288)
    + MAX(l.bits & 1048576)
    + MAX(l.bits & 2097152)
    + MAX(l.bits & 4194304)
    + MAX(l.bits & 8388608)
    + MAX(l.bits & 16777216)
    + MAX(l.bits & 33554432)
    + MAX(l.bits & 67108864)
    + MAX(l.bits & 134217728)
    + MAX(l.bits & 268435456)
    + MAX(l.bits & 536870912)
    + MAX(l.bits & 1073741824)
    + MAX(l.bits & 2147483648)
    + MAX(l.bits & 4294967296)
    + MAX(l.bits & 8589934592)
    + MAX(l.bits & 17179869184)
    + MAX(l.bits & 34359738368)
    + MAX(l.bits & 68719476736)
    + MAX(l.bits & 137438953472)
    + MAX(l.bits & 274877906944)
    + MAX(l.bits & 549755813888)
    + MAX(l.bits & 1099511627776)
    + MAX(l.bits & 2199023255552)
  FROM device_term x JOIN term_letters l ON l.id = x.term WHERE x.device = device.id AND l.said = 1), 0);
DROP TABLE term_letters;

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
ALTER TABLE use_day ADD COLUMN busy INTEGER NOT NULL DEFAULT 0;
UPDATE use_day SET busy = ((hours >> 0) & 1) + ((hours >> 1) & 1) + ((hours >> 2) & 1) + ((hours >> 3) & 1) + ((hours >> 4) & 1)
  + ((hours >> 5) & 1) + ((hours >> 6) & 1) + ((hours >> 7) & 1) + ((hours >> 8) & 1) + ((hours >> 9) & 1)
  + ((hours >> 10) & 1) + ((hours >> 11) & 1) + ((hours >> 12) & 1) + ((hours >> 13) & 1) + ((hours >> 14) & 1)
  + ((hours >> 15) & 1) + ((hours >> 16) & 1) + ((hours >> 17) & 1) + ((hours >> 18) & 1) + ((hours >> 19) & 1)
  + ((hours >> 20) & 1) + ((hours >> 21) & 1) + ((hours >> 22) & 1) + ((hours >> 23) & 1);
