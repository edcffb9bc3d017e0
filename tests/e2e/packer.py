"""Packed programs that run: files in which no table can be read, and processes in whose memory all of them can.

    packer.pack(plain, packed)    # of amd64, at fixed addresses, static
"""

import shutil
import struct
import subprocess

import harness

STUB = 0x70000000  # far from where Go's linker puts programs
PAYLOAD = STUB + 0x1000


def pack(plain, packed):
    compiler = shutil.which("cc") or shutil.which("gcc")
    source = harness.SOURCE_DIR / "tests" / "fixtures" / "packer" / "stub.c"
    made = packed.with_suffix(".stub")
    subprocess.run([compiler, "-O1", "-ffreestanding", "-fno-pic", "-fno-pie", "-no-pie", "-nostdlib", "-static", "-fno-stack-protector",
                    "-mcmodel=large", "-mno-sse", "-fcf-protection=none", "-fno-asynchronous-unwind-tables", f"-DPAYLOAD={PAYLOAD:#x}",
                    f"-Wl,-Ttext={STUB:#x},--build-id=none,-N", "-o", str(made), str(source)], check=True, capture_output=True, timeout=60)
    flat = packed.with_suffix(".flat")
    subprocess.run(["objcopy", "-O", "binary", "-j", ".text.start", "-j", ".text", str(made), str(flat)], check=True, timeout=60)
    entry = int(next(line.split()[0] for line in subprocess.run(["nm", str(made)], check=True, capture_output=True, text=True, timeout=60)
                     .stdout.splitlines() if line.endswith(" _start")), 16)
    program = plain.read_bytes()
    stub = flat.read_bytes().ljust(PAYLOAD - STUB, b"\0")
    assert len(stub) == PAYLOAD - STUB, "the stub is longer than its page"
    body = stub + struct.pack("<Q", len(program)) + bytes(byte ^ 0x5A for byte in program)
    # The first of its segments lies where the program's own headers will: the kernel tells the process that place.
    first = min(address for address in load_addresses(program))
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01" + bytes(9), 2, 62, 1, entry, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    headers = header + struct.pack("<IIQQQQQQ", 1, 4, 0, first, first, 176, 0x1000, 0x1000)
    headers += struct.pack("<IIQQQQQQ", 1, 7, 0x1000, STUB, STUB, len(body), len(body), 0x1000)
    packed.write_bytes(headers.ljust(0x1000, b"\0") + body)
    packed.chmod(0o755)


def load_addresses(program):
    offset, size, count = struct.unpack_from("<Q", program, 32)[0], *struct.unpack_from("<HH", program, 54)
    for i in range(count):
        kind, _, _, address = struct.unpack_from("<IIQQ", program, offset + i * size)
        if kind == 1:
            yield address
