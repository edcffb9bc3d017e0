"""An agent's first step, in Python: fields of one program through the C interface.

    LD_LIBRARY_PATH=PREFIX/lib python3 agent.py PROGRAM WANTS DATABASE
"""

import ctypes
import json
import sys

library = ctypes.CDLL("libgooffsets.so.0")
POINTER = ctypes.c_void_p


class Field(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("offset", ctypes.c_uint64), ("size", ctypes.c_uint64), ("source", ctypes.c_int)]


for name, arguments in {
    "gooffsets_binary_open": [ctypes.c_char_p, POINTER, POINTER],
    "gooffsets_binary_info_json": [POINTER, POINTER, POINTER],
    "gooffsets_database_open": [ctypes.c_char_p, POINTER, POINTER],
    "gooffsets_resolver_new": [POINTER, POINTER, POINTER, POINTER, POINTER],
    "gooffsets_resolver_field": [POINTER, ctypes.c_char_p, POINTER, POINTER],
    "gooffsets_resolver_resolve": [POINTER, ctypes.c_char_p, ctypes.c_char_p, POINTER, POINTER],
    "gooffsets_resolution_json": [POINTER, POINTER, POINTER],
    "gooffsets_string_free": [POINTER],
    "gooffsets_resolution_free": [POINTER],
    "gooffsets_resolver_free": [POINTER],
    "gooffsets_database_close": [POINTER],
    "gooffsets_binary_close": [POINTER],
    "gooffsets_error_free": [POINTER],
}.items():
    getattr(library, name).argtypes = arguments
library.gooffsets_error_message.argtypes = [POINTER]
library.gooffsets_error_message.restype = ctypes.c_char_p


class Failure(Exception):
    pass


def call(function, *arguments):
    """Calls it with an error object behind its arguments; raises Failure with what the library says."""
    error = POINTER()
    if function(*arguments, ctypes.byref(error)) != 0:
        message = library.gooffsets_error_message(error).decode()
        library.gooffsets_error_free(error)
        raise Failure(message)


def handle(function, *arguments):
    made = POINTER()
    call(function, *arguments, ctypes.byref(made))
    return made


def text(function, *arguments):
    made = handle(function, *arguments)
    value = ctypes.cast(made, ctypes.c_char_p).value.decode()
    library.gooffsets_string_free(made)
    return value


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    with open(sys.argv[2], "rb") as file:
        wants = file.read()
    binary = handle(library.gooffsets_binary_open, sys.argv[1].encode())
    database = handle(library.gooffsets_database_open, sys.argv[3].encode())
    resolver = handle(library.gooffsets_resolver_new, binary, database, None)
    print("Go", json.loads(text(library.gooffsets_binary_info_json, binary))["go_version"])

    field = Field(struct_size=ctypes.sizeof(Field))
    call(library.gooffsets_resolver_field, resolver, b"net/http.Request.URL", ctypes.byref(field))
    print("net/http.Request.URL", field.offset)

    resolution = handle(library.gooffsets_resolver_resolve, resolver, wants, sys.argv[2].encode())
    for probe in json.loads(text(library.gooffsets_resolution_json, resolution))["probes"]:
        print(probe["name"], "usable" if probe["usable"] else "disabled")
    library.gooffsets_resolution_free(resolution)
    library.gooffsets_resolver_free(resolver)
    library.gooffsets_database_close(database)
    library.gooffsets_binary_close(binary)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"agent: {failure}")
