-- On which build tags the file selection of each package of a list depends: packed, in the order of `entries`
-- (docs/formats.md, "Database"). NULL: not recorded of any of them.
ALTER TABLE package_list ADD COLUMN tags BLOB;
