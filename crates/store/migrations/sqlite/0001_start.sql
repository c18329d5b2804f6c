-- Times are nanoseconds since 1970 (UTC); hours and days are counted from there. Texts that lists are ordered by hold a
-- key without case, then U+0001 and the text as shown where the two differ; U+10FFFF stands for "none" and sorts last.
-- A device that was never seen has the least time there is.

CREATE TABLE site (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  folded TEXT NOT NULL
);

CREATE TABLE device (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uid TEXT NOT NULL UNIQUE,
  site INTEGER NOT NULL REFERENCES site (id),
  site_key TEXT NOT NULL,
  name TEXT NOT NULL,
  vendor TEXT NOT NULL,
  model TEXT NOT NULL,
  category TEXT NOT NULL,
  os TEXT NOT NULL,
  grp TEXT NOT NULL,
  location TEXT NOT NULL,
  owner TEXT NOT NULL,
  place TEXT NOT NULL,
  whereabout TEXT,
  belongs TEXT,
  status INTEGER NOT NULL,
  scope INTEGER NOT NULL,
  lifecycle INTEGER NOT NULL,
  medical INTEGER NOT NULL,
  known INTEGER NOT NULL,
  criticality INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  terms INTEGER NOT NULL,
  version INTEGER NOT NULL,
  changed INTEGER NOT NULL
);
CREATE INDEX device_changed ON device (changed);
CREATE INDEX device_last ON device (last_seen, uid);
CREATE INDEX device_first ON device (first_seen, uid);
CREATE INDEX device_name ON device (name, uid);
CREATE INDEX device_vendor ON device (vendor, uid);
CREATE INDEX device_model ON device (model, uid);
CREATE INDEX device_category ON device (category, uid);
CREATE INDEX device_location ON device (location, uid);
CREATE INDEX device_criticality ON device (criticality, uid);
CREATE INDEX device_site_last ON device (site, last_seen, uid);
CREATE INDEX device_site_key ON device (site_key, uid);
CREATE INDEX facet_vendor ON device (site, vendor);
CREATE INDEX facet_model ON device (site, model);
CREATE INDEX facet_category ON device (site, category);
CREATE INDEX facet_os ON device (site, os);
CREATE INDEX facet_grp ON device (site, grp);
CREATE INDEX facet_owner ON device (site, owner);
CREATE INDEX facet_place ON device (site, place);
CREATE INDEX facet_status ON device (site, status);
CREATE INDEX facet_scope ON device (site, scope);
CREATE INDEX facet_lifecycle ON device (site, lifecycle);

-- Devices that are no more, by the change in which they went.
CREATE TABLE removed (
  changed INTEGER NOT NULL,
  device INTEGER NOT NULL,
  PRIMARY KEY (changed, device)
) WITHOUT ROWID;

CREATE TABLE device_body (
  device INTEGER PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
  summary BLOB NOT NULL,
  document BLOB NOT NULL
);

CREATE TABLE annotation (
  device INTEGER PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  body TEXT NOT NULL
);

CREATE TABLE redirect (
  old TEXT PRIMARY KEY,
  new TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX redirect_new ON redirect (new);

CREATE TABLE term (
  id INTEGER PRIMARY KEY,
  field INTEGER NOT NULL,
  value TEXT NOT NULL,
  shown TEXT NOT NULL,
  UNIQUE (field, value)
);
CREATE TABLE device_term (
  term INTEGER NOT NULL,
  device INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  PRIMARY KEY (term, device)
) WITHOUT ROWID;
CREATE INDEX device_term_device ON device_term (device, term);

-- "Contains" in a word or more looks up triples of letters.
CREATE VIRTUAL TABLE term_text USING fts5 (
  value, content = 'term', content_rowid = 'id', tokenize = 'trigram case_sensitive 1'
);
CREATE TRIGGER term_added AFTER INSERT ON term BEGIN
  INSERT INTO term_text (rowid, value) VALUES (new.id, new.value);
END;
CREATE TRIGGER term_removed AFTER DELETE ON term BEGIN
  INSERT INTO term_text (term_text, rowid, value) VALUES ('delete', old.id, old.value);
END;

CREATE TABLE address (
  ip BLOB NOT NULL,
  device INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  PRIMARY KEY (ip, device)
) WITHOUT ROWID;
CREATE INDEX address_device ON address (device);

CREATE TABLE label (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);

CREATE TABLE conversation (
  id INTEGER PRIMARY KEY,
  site INTEGER NOT NULL REFERENCES site (id),
  originator INTEGER NOT NULL REFERENCES device (id),
  responder INTEGER NOT NULL REFERENCES device (id),
  transport INTEGER NOT NULL,
  port INTEGER NOT NULL,
  protocol INTEGER NOT NULL REFERENCES label (id),
  flows INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  UNIQUE (originator, responder, transport, port, protocol)
);
CREATE INDEX conversation_originator ON conversation (originator, last, bytes);
CREATE INDEX conversation_responder ON conversation (responder, last, bytes);
CREATE INDEX conversation_last ON conversation (last, bytes);
CREATE INDEX conversation_bytes ON conversation (bytes);
CREATE INDEX conversation_protocol ON conversation (protocol, last, bytes);
CREATE INDEX conversation_site ON conversation (site, last, bytes);

CREATE TABLE conversation_hour (
  bucket INTEGER NOT NULL,
  conversation INTEGER NOT NULL,
  flows INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (bucket, conversation)
) WITHOUT ROWID;
CREATE TABLE conversation_day (
  bucket INTEGER NOT NULL,
  conversation INTEGER NOT NULL,
  flows INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (bucket, conversation)
) WITHOUT ROWID;

-- Traffic of a device (its number) or of a site (its number, negative).
CREATE TABLE traffic_hour (
  owner INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  flows INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (owner, bucket)
) WITHOUT ROWID;
CREATE INDEX traffic_hour_bucket ON traffic_hour (bucket);
CREATE TABLE traffic_day (
  owner INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  flows INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (owner, bucket)
) WITHOUT ROWID;
CREATE INDEX traffic_day_bucket ON traffic_day (bucket);

CREATE TABLE activity_kind (
  id INTEGER PRIMARY KEY,
  protocol TEXT NOT NULL,
  verb TEXT NOT NULL,
  operation TEXT NOT NULL,
  part INTEGER NOT NULL,
  clinical INTEGER NOT NULL,
  UNIQUE (protocol, verb, operation, part, clinical)
);
CREATE TABLE activity_hour (
  device INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  count INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (device, bucket, kind)
) WITHOUT ROWID;
CREATE INDEX activity_hour_bucket ON activity_hour (bucket);
CREATE TABLE activity_day (
  device INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  count INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (device, bucket, kind)
) WITHOUT ROWID;
CREATE INDEX activity_day_bucket ON activity_day (bucket);

-- Clinical use of a device in a day: a bit for each hour in use.
CREATE TABLE use_day (
  device INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  hours INTEGER NOT NULL,
  actions INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (device, bucket)
) WITHOUT ROWID;
CREATE INDEX use_day_bucket ON use_day (bucket);

CREATE TABLE attribute_history (
  id INTEGER PRIMARY KEY,
  device INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  attribute TEXT NOT NULL,
  value TEXT,
  confidence REAL NOT NULL,
  because TEXT NOT NULL
);
CREATE INDEX attribute_history_device ON attribute_history (device, at);
CREATE INDEX attribute_history_at ON attribute_history (at);

CREATE TABLE stay (
  id INTEGER PRIMARY KEY,
  device INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  since INTEGER NOT NULL,
  last INTEGER NOT NULL,
  ended INTEGER,
  place TEXT,
  position TEXT NOT NULL,
  how TEXT NOT NULL,
  UNIQUE (device, since, how, position)
);
CREATE INDEX stay_place ON stay (place, since);
CREATE INDEX stay_since ON stay (since);

CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO counter (name, value) VALUES ('device', 0), ('event', 0), ('decision', 0), ('audit', 0);

CREATE TABLE event (
  number INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  site INTEGER NOT NULL REFERENCES site (id),
  kind INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  device TEXT,
  title TEXT NOT NULL,
  details TEXT NOT NULL
);
CREATE INDEX event_device ON event (device, number);
CREATE INDEX event_site ON event (site, number);
CREATE INDEX event_kind ON event (kind, number);
CREATE INDEX event_severity ON event (severity, number);
CREATE INDEX event_at ON event (at);

CREATE TABLE sensor (
  site INTEGER NOT NULL REFERENCES site (id),
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (site, name)
) WITHOUT ROWID;

CREATE TABLE receipt (
  site INTEGER NOT NULL REFERENCES site (id),
  sensor TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (site, sensor, epoch)
) WITHOUT ROWID;

CREATE TABLE memory (
  site INTEGER NOT NULL REFERENCES site (id),
  part INTEGER NOT NULL,
  key BLOB NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (site, part, key)
) WITHOUT ROWID;

CREATE TABLE decision (
  number INTEGER PRIMARY KEY,
  site INTEGER NOT NULL REFERENCES site (id),
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  reason TEXT NOT NULL,
  body TEXT NOT NULL,
  undone_by TEXT,
  undone_at INTEGER
);
CREATE INDEX decision_site ON decision (site, number);

CREATE TABLE document (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  expires INTEGER,
  body TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX document_expires ON document (expires) WHERE expires IS NOT NULL;

CREATE TABLE audit (
  number INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  origin TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  outcome TEXT NOT NULL,
  details TEXT NOT NULL,
  hash TEXT NOT NULL,
  folded TEXT NOT NULL
);
