-- The offsets database, level 1. docs/formats.md explains it; libgooffsets/src/store/ reads and writes it.
--
-- Stored as git stores files: `layout` is the blob, `package_layout` the tree, `observation` the commit. Everything that
-- repeats is stored once and named by number. No table holds a time, a path of the machine or a duration, except `local`.

-- Every name, type, file list and short text, once. Lists are kept one item a line.
CREATE TABLE string (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE module (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE          -- "std" is the standard library
) STRICT;

CREATE TABLE version (
  id INTEGER PRIMARY KEY,
  module INTEGER NOT NULL REFERENCES module,
  text TEXT NOT NULL,                -- canonical: no "v", no "go"
  listed INTEGER NOT NULL CHECK (listed IN (0, 1)),  -- 1: a version list names it; 0: only builds do
  UNIQUE (module, text)
) STRICT;

-- One struct or one function. `digest`: BLAKE2b-128 of its canonical JSON.
CREATE TABLE layout (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
  kind INTEGER NOT NULL CHECK (kind IN (0, 1)),      -- 0 struct, 1 function
  size INTEGER NOT NULL,             -- structs; functions 0
  align INTEGER NOT NULL,            -- structs; functions 0
  wrapper INTEGER NOT NULL CHECK (wrapper IN (0, 1)) -- functions: made by the compiler, no probe target
) STRICT;

CREATE TABLE field (
  layout INTEGER NOT NULL REFERENCES layout,
  pos INTEGER NOT NULL,              -- declaration order
  name INTEGER NOT NULL REFERENCES string,
  offset INTEGER NOT NULL,
  size INTEGER NOT NULL,
  align INTEGER NOT NULL,
  type INTEGER NOT NULL REFERENCES string,
  kind INTEGER NOT NULL,             -- reflect.Kind
  flags INTEGER NOT NULL,            -- 1 embedded, 2 holds a struct by value
  dims TEXT,                         -- arrays: "2,3", outermost first
  elem INTEGER REFERENCES string,    -- arrays: innermost element type
  PRIMARY KEY (layout, pos)
) STRICT, WITHOUT ROWID;

CREATE TABLE parameter (
  layout INTEGER NOT NULL REFERENCES layout,
  pos INTEGER NOT NULL,              -- parameters first, then results
  result INTEGER NOT NULL CHECK (result IN (0, 1)),
  name INTEGER NOT NULL REFERENCES string,
  type INTEGER NOT NULL REFERENCES string,
  size INTEGER NOT NULL,
  align INTEGER NOT NULL,
  memory_only INTEGER NOT NULL CHECK (memory_only IN (0, 1)),  -- 1: never in registers (holds an array of length > 1)
  words INTEGER REFERENCES string,   -- "0:8 8:8f": flattened words; NULL: none
  pieces INTEGER REFERENCES string,  -- "i0:8@0 s8:16@8": locations by ABI register number; NULL: none
  PRIMARY KEY (layout, pos)
) STRICT, WITHOUT ROWID;

-- The symbols of one package: symbol -> layout or reason. `entries` is packed (docs/formats.md, "package layout").
CREATE TABLE package_layout (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
  entries BLOB NOT NULL
) STRICT;

-- What one package was in some builds: its symbols and the source files they came from.
CREATE TABLE package_state (
  id INTEGER PRIMARY KEY,
  package INTEGER NOT NULL REFERENCES string,        -- import path
  package_layout INTEGER NOT NULL REFERENCES package_layout,
  fully_kept INTEGER NOT NULL CHECK (fully_kept IN (0, 1)),
  selection BLOB NOT NULL CHECK (length(selection) IN (0, 16)),
  files INTEGER NOT NULL REFERENCES string,          -- selected Go files
  selections INTEGER NOT NULL REFERENCES string,     -- lines "1.17 1.26 <digest>"
  std_by_value INTEGER NOT NULL REFERENCES string,   -- std types that layouts hold by value
  UNIQUE (package, package_layout, fully_kept, selection, files, selections, std_by_value)
) STRICT;

CREATE TABLE build (
  id INTEGER PRIMARY KEY,
  uid BLOB NOT NULL UNIQUE CHECK (length(uid) = 16), -- digest of what made it
  version INTEGER NOT NULL REFERENCES version,       -- root module version
  go TEXT NOT NULL,
  goarch TEXT NOT NULL,
  goexperiment TEXT NOT NULL,
  tags TEXT NOT NULL,                -- one a line
  probe_digest BLOB NOT NULL CHECK (length(probe_digest) IN (0, 32)),
  tool_version TEXT NOT NULL,
  status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 3),  -- ok, compile failed, transient failure, unavailable
  reason TEXT NOT NULL,
  structs INTEGER NOT NULL,
  functions INTEGER NOT NULL,
  fields_compared INTEGER NOT NULL,
  structs_not_compared INTEGER NOT NULL,
  params_compared INTEGER NOT NULL,
  params_not_compared INTEGER NOT NULL
) STRICT;
CREATE INDEX build_by_version ON build (version);

-- In build B, package P of this module version was in this state.
CREATE TABLE observation (
  state INTEGER NOT NULL REFERENCES package_state,
  version INTEGER NOT NULL REFERENCES version,
  build INTEGER NOT NULL REFERENCES build ON DELETE CASCADE,
  PRIMARY KEY (state, version, build)
) STRICT, WITHOUT ROWID;
CREATE INDEX observation_by_build ON observation (build);
CREATE INDEX observation_by_version ON observation (version);

-- Importable packages of a module version and why some were not measured; `entries` is packed likewise.
CREATE TABLE package_list (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
  entries BLOB NOT NULL
) STRICT;

-- The modules of a build: its closure, and the package lists it saw.
CREATE TABLE build_module (
  build INTEGER NOT NULL REFERENCES build ON DELETE CASCADE,
  version INTEGER NOT NULL REFERENCES version,
  in_closure INTEGER NOT NULL CHECK (in_closure IN (0, 1)),
  package_list INTEGER REFERENCES package_list,
  PRIMARY KEY (build, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX build_module_by_version ON build_module (version);

CREATE TABLE disagreement (
  build INTEGER NOT NULL REFERENCES build ON DELETE CASCADE,
  pos INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  what TEXT NOT NULL,
  dwarf TEXT NOT NULL,
  other TEXT NOT NULL,
  PRIMARY KEY (build, pos)
) STRICT, WITHOUT ROWID;

-- Facts of this machine about builds (durations, logs, inputs of failures): no part of identity, shards or exports.
CREATE TABLE local (
  uid BLOB NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (uid, key)
) STRICT, WITHOUT ROWID;
