"""Counts how often a program comes by places of its file, with the kernel's own uprobes (perf_event_open(2)).

    counts, said = uprobes.count(["./program"], [0x7d2a0, 0x7d2f1])    # by file offset; Denied says why it cannot be done here

The events are those of one processor, to which the program is bound: events of a task that its threads inherit read the
program's path anew at each clone(2), from the wrong process (EFAULT). Nobody else may run the same file meanwhile.
"""

import ctypes
import os
import pathlib
import platform
import struct
import subprocess

PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
UPROBE_TYPE = pathlib.Path("/sys/bus/event_source/devices/uprobe/type")
# struct perf_event_attr of <linux/perf_event.h>, version 1: type, size, config, period, sample type, read format, flags,
# wakeup, breakpoint type, config1 (path), config2 (offset).
ATTR = "<IIQQQQQIIQQ"

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


class Denied(Exception):
    """Why uprobes cannot be used here."""


def attach(program, offset, processor):
    if not UPROBE_TYPE.exists() or platform.machine() not in PERF_EVENT_OPEN:
        raise Denied("this kernel has no uprobes for perf_event_open")
    path = ctypes.create_string_buffer(os.fsencode(program))
    raw = struct.pack(ATTR, int(UPROBE_TYPE.read_text()), struct.calcsize(ATTR), 0, 0, 0, 0, 0, 0, 0,
                      ctypes.addressof(path), offset)
    attr = ctypes.create_string_buffer(raw, len(raw))
    arguments = [PERF_EVENT_OPEN[platform.machine()], ctypes.addressof(attr), -1, processor, -1, 0]
    fd = libc.syscall(*(ctypes.c_long(argument) for argument in arguments))
    if fd < 0:
        error = ctypes.get_errno()
        raise Denied(f"perf_event_open: {os.strerror(error)}")
    return fd


def count(command, offsets, limit=60):
    """Runs the program to its end. Returns ({offset: hits}, its standard output)."""
    program = os.path.realpath(command[0])
    processor = min(os.sched_getaffinity(0))
    fds = {}
    try:
        for offset in offsets:
            fds[offset] = attach(program, offset, processor)
        run = subprocess.run(command, capture_output=True, text=True, timeout=limit,
                             preexec_fn=lambda: os.sched_setaffinity(0, {processor}))
        if run.returncode != 0:
            raise AssertionError(f"{command} ended with {run.returncode} under its probes: {run.stderr}")
        return {offset: struct.unpack("<Q", os.read(fd, 8))[0] for offset, fd in fds.items()}, run.stdout
    finally:
        for fd in fds.values():
            os.close(fd)
