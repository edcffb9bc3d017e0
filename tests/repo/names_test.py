"""No two headers give one name to two types of a namespace: what is linked together could use either's destructor."""

import os
import pathlib
import re
import unittest

SOURCE_DIR = pathlib.Path(os.environ.get("GOOFFSETS_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
NAMESPACE = re.compile(r"^namespace ([\w:]+) \{", re.MULTILINE)
# At the beginning of a line, so neither nested nor forward declared; "class Database::Impl {" belongs to another type.
TYPE = re.compile(r"^(?:struct|class|enum|enum class) (\w+)(?: final)?\s*(?::[^:{;][^{;]*)?\{", re.MULTILINE)


def types_of(text):
    namespace = NAMESPACE.search(text)
    return {f"{namespace.group(1)}::{name}" for name in TYPE.findall(text)} if namespace else set()


class Names(unittest.TestCase):
    def test_a_type_has_its_name_alone(self):
        places = {}
        for folder in ("libgooffsets", "tools"):
            for header in sorted((SOURCE_DIR / folder).rglob("*.h")):
                for name in types_of(header.read_text()):
                    places.setdefault(name, []).append(str(header.relative_to(SOURCE_DIR)))
        self.assertGreater(len(places), 300)
        self.assertEqual({name: where for name, where in places.items() if len(where) > 1}, {})

    def test_it_would_see_two(self):
        text = "namespace a {\nstruct Forward;\nclass B : public C<int> {\n};\nclass B::Impl {\n};\nenum class D : int {\n};\n}"
        self.assertEqual(types_of(text), {"a::B", "a::D"})


if __name__ == "__main__":
    unittest.main()
