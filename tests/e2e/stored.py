"""Reads a database as docs/formats.md describes it, with SQLite alone: what is stored, by another reader than ours.

    releases = stored.Stored(path)
    releases.go_releases("amd64")                   # Go releases of which the standard library was built
    releases.std_structs("1.19.8", "amd64")         # {"net/http.Request": (size, [(field, offset, size, type, embedded)])}
"""

import contextlib
import sqlite3

EMBEDDED = 1  # field.flags
STRUCT = 0    # layout.kind


def numbers(packed):
    """LEB128 numbers."""
    value = shift = 0
    for byte in packed:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value = shift = 0


def signed(number):
    return (number >> 1) ^ -(number & 1)


def entries(packed):
    """(string id of a symbol, layout id); symbols without a layout are left out."""
    stream = numbers(packed)
    symbol = layout = 0
    for _ in range(next(stream)):
        symbol += next(stream)
        value = next(stream)
        if value % 2 == 0:
            layout += signed(value // 2)
            yield symbol, layout


def full_name(package, symbol):
    """Instances of another package's generic are filed where they are used, under their whole name."""
    return symbol if "." in symbol.partition("[")[0] else f"{package}.{symbol}"


class Stored:
    def __init__(self, path):
        self.db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def close(self):
        self.db.close()

    def go_releases(self, goarch):
        return {text for text, in self.db.execute(
            "SELECT v.text FROM build b JOIN version v ON v.id = b.version JOIN module m ON m.id = v.module "
            "WHERE m.path = 'std' AND b.goarch = ? AND b.status = 0", (goarch,))}

    def std_structs(self, release, goarch):
        builds = [build for build, in self.db.execute(
            "SELECT b.id FROM build b JOIN version v ON v.id = b.version JOIN module m ON m.id = v.module "
            "WHERE m.path = 'std' AND v.text = ? AND b.go = ? AND b.goarch = ? AND b.status = 0", (release, release, goarch))]
        structs = {}
        for build in builds:
            states = self.db.execute(
                "SELECT p.text, l.entries FROM observation o JOIN package_state s ON s.id = o.state "
                "JOIN package_layout l ON l.id = s.package_layout JOIN string p ON p.id = s.package "
                "JOIN version v ON v.id = o.version JOIN module m ON m.id = v.module WHERE o.build = ? AND m.path = 'std'", (build,))
            for package, packed in states.fetchall():
                for symbol, layout in entries(packed):
                    found = self.struct(layout)
                    if found:
                        structs[full_name(package, self.text(symbol))] = found
        return structs

    def text(self, string):
        return self.db.execute("SELECT text FROM string WHERE id = ?", (string,)).fetchone()[0]

    def struct(self, layout):
        kind, size = self.db.execute("SELECT kind, size FROM layout WHERE id = ?", (layout,)).fetchone()
        if kind != STRUCT:
            return None
        fields = self.db.execute("SELECT n.text, f.offset, f.size, t.text, f.flags FROM field f JOIN string n ON n.id = f.name "
                                 "JOIN string t ON t.id = f.type WHERE f.layout = ? ORDER BY f.pos", (layout,))
        return size, [(name, offset, length, kind, bool(flags & EMBEDDED)) for name, offset, length, kind, flags in fields]


def opened(path):
    return contextlib.closing(Stored(path))
