"""Catches the arguments and results of functions in a running amd64 program, with ptrace(2).

    calls = catch(["./program"], {"calls.Ints": 0x47f3a0})
    calls["calls.Ints"].entry.value([{"reg": "RAX", "size": 1, "at": 0}], size=1)    # bytes by offset

The traced functions must be called on the main thread (runtime.LockOSThread in an init function does that).
"""

import ctypes
import os
import signal
import subprocess

PTRACE_TRACEME, PTRACE_CONT, PTRACE_SINGLESTEP, PTRACE_GETREGS, PTRACE_SETREGS, PTRACE_GETFPREGS = 0, 7, 9, 12, 13, 14
# struct user_regs_struct of <sys/user.h>, in order.
REGISTERS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base "
             "ds es fs gs").split()
XMM_OFFSET = 160  # of xmm_space in struct user_fpregs_struct

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request, pid, address=None, data=None):
    if libc.ptrace(request, pid, address, data) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"ptrace request {request}: {os.strerror(error)}")


class State:
    """Registers and stack at one moment. entry_sp: SP at the function's entry."""

    def __init__(self, registers, floats, entry_sp, stack):
        self.registers, self.floats, self.entry_sp, self.stack = registers, floats, entry_sp, stack

    def piece(self, piece):
        """The bytes that a piece of a location names."""
        size = piece["size"]
        if "reg" not in piece:
            offset = piece["stack"]
            return self.stack[offset:offset + size]
        name = piece["reg"]
        if name.startswith("X"):
            start = XMM_OFFSET + 16 * int(name[1:])
            return self.floats[start:start + size]
        return self.registers[name.lower()].to_bytes(8, "little")[:size]


class Call:
    def __init__(self):
        self.entry = None   # State at entry
        self.result = None  # State behind the call


class Tracer:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=lambda: libc.ptrace(PTRACE_TRACEME, 0, None, None),
                                        env={**os.environ, "GODEBUG": "asyncpreemptoff=1"})
        self.pid = self.process.pid
        self.original = {}
        os.waitpid(self.pid, 0)  # the stop at exec
        self.memory = open(f"/proc/{self.pid}/mem", "r+b", buffering=0)

    def read(self, address, size):
        self.memory.seek(address)
        return self.memory.read(size)

    def write(self, address, content):
        self.memory.seek(address)
        self.memory.write(content)

    def set_breakpoint(self, address):
        if address not in self.original:
            self.original[address] = self.read(address, 1)
            self.write(address, b"\xcc")  # int3

    def registers(self):
        raw = (ctypes.c_uint64 * len(REGISTERS))()
        ptrace(PTRACE_GETREGS, self.pid, None, ctypes.addressof(raw))
        return raw

    def state(self, raw, entry_sp):
        floats = ctypes.create_string_buffer(512)
        ptrace(PTRACE_GETFPREGS, self.pid, None, ctypes.addressof(floats))
        return State(dict(zip(REGISTERS, raw)), floats.raw, entry_sp, self.read(entry_sp, 512))

    def step_over(self, raw, address):
        """Runs the instruction that the breakpoint at address hides."""
        raw[REGISTERS.index("rip")] = address
        ptrace(PTRACE_SETREGS, self.pid, None, ctypes.addressof(raw))
        self.write(address, self.original[address])
        ptrace(PTRACE_SINGLESTEP, self.pid)
        _, status = os.waitpid(self.pid, 0)
        self.write(address, b"\xcc")
        return status

    def close(self):
        self.memory.close()
        self.process.stdout.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def catch(command, functions):
    """Runs a program to its end. functions: {name: entry address}. Returns ({name: Call}, its standard output)."""
    tracer = Tracer(command)
    names = {address: name for name, address in functions.items()}
    calls = {name: Call() for name in functions}
    returns = {}  # address behind the call -> (name, SP at entry)
    try:
        for address in names:
            tracer.set_breakpoint(address)
        pending = 0
        while True:
            ptrace(PTRACE_CONT, tracer.pid, None, pending)
            _, status = os.waitpid(tracer.pid, 0)
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                tracer.process.returncode = os.waitstatus_to_exitcode(status)
                break
            pending = os.WSTOPSIG(status)
            if pending != signal.SIGTRAP:
                continue  # a signal of the program's own: hand it on
            pending = 0
            raw = tracer.registers()
            address = raw[REGISTERS.index("rip")] - 1
            if address not in tracer.original:
                raise AssertionError(f"stopped at {address:#x}, where no breakpoint is")
            sp = raw[REGISTERS.index("rsp")]
            if address in names:
                # A function whose stack grows runs its entry twice; the later state is the one that goes on.
                calls[names[address]].entry = tracer.state(raw, sp)
                behind = int.from_bytes(tracer.read(sp, 8), "little")
                returns[behind] = names[address]
                tracer.set_breakpoint(behind)
            else:
                # RET popped the return address: SP at entry was one word lower.
                calls[returns[address]].result = tracer.state(raw, sp - 8)
            tracer.step_over(raw, address)
        output = tracer.process.stdout.read().decode()
        if tracer.process.returncode != 0:
            raise AssertionError(f"{command} ended with {tracer.process.returncode}: {output}")
        return calls, output
    finally:
        tracer.close()
