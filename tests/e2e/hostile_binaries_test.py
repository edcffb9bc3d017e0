"""Files that are no Go programs, broken ones and lying ones: one clear message with what to try, the documented exit code,
within seconds and little memory; and of garbled and packed programs nothing that is wrong.
"""

import json
import os
import random
import re
import resource
import shutil
import sqlite3
import struct
import subprocess
import sys
import threading
import time

import garble
import harness
import twins

PROGRAM = ("1.26.11", "amd64", "pie_sw")
MEMORY = 1 << 30  # bytes of address space that a run may have
LIMIT = 20        # seconds, on a machine that has other work
STATUS = "net/http.response.status"
WANTS = f"""[probe.http]
attach = ["net/http.serverHandler.ServeHTTP"]
need = ["net/http.Request.URL", "{STATUS}"]
want = ["net/http.Request", "main.everything.Text"]
itab = ["*net/http.response:net/http.ResponseWriter"]
"""
ANY_END = (harness.DONE, harness.BAD_INPUT, harness.PARTIAL, harness.UNKNOWN)
MESSAGE = re.compile(r"gooffsets: error: [^\n]+\n(gooffsets: try: [^\n]+\n)?")
ADVICE = re.compile(r"gooffsets: error: [^\n]+\ngooffsets: try: [^\n]+\n")


class Hostile(harness.ToolTest):
    fixtures = set()

    def setUp(self):
        super().setUp()
        self.file = twins.build(*PROGRAM).stripped
        self.wants = self.write("wants.toml", WANTS)
        self.slowest = 0.0

    def write(self, name, content):
        path = self.directory / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def gooffsets(self, *arguments, **more):
        process = subprocess.Popen([harness.tool("GOOFFSETS"), *map(str, arguments)], env=harness.clean_environment(), cwd=self.directory,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)), **more)
        start = time.monotonic()
        try:
            out, err = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            self.fail(f"still running after {LIMIT} s: {harness.Run(arguments, 'none', out, err)}")
        self.slowest = max(self.slowest, time.monotonic() - start)
        run = harness.Run(["gooffsets", *arguments], process.returncode, out, err)
        self.assert_no_crash(run)
        self.assertNotIn("bad_alloc", err, str(run))
        return run

    def ways(self, *program):
        """A program asked in each way: what is read of it differs."""
        yield ["inspect", *program]
        yield ["inspect", *program, "--format", "json"]
        yield ["inspect", *program, "--types", "--format", "json"]
        yield ["resolve", *program, "--no-db", "--want", self.wants, "--format", "json"]

    def refused(self, path, code, *words):
        for arguments in self.ways(path):
            with self.subTest(file=str(path), command=arguments[:3:2]):
                run = self.gooffsets(*arguments)
                self.assertEqual(run.returncode, code, str(run))
                self.assertEqual(run.stdout, "", str(run))
                self.assertRegex(run.stderr, ADVICE.pattern + r"\Z")
                self.assert_says(run, *words)

    # What is no 64-bit Go program for Linux

    def test_no_elf_file(self):
        self.refused(self.write("script", "#!/bin/sh\nexec server\n"), harness.BAD_INPUT, "is not an ELF file", "script or an archive")
        self.refused(self.write("empty", b""), harness.BAD_INPUT, "ELF")
        self.refused(self.write("magic", b"\x7fELF"), harness.BAD_INPUT, "cut off")

    def test_no_go_program(self):
        # The last one holds the magic of build info, which it looks for.
        for program in ("/bin/true", sys.executable, harness.tool("GOOFFSETS")):
            self.refused(os.path.realpath(program), harness.BAD_INPUT, "is no Go program")

    def test_other_machines(self):
        plain = bytearray(self.file.read_bytes()[:65536])
        # e_ident[EI_CLASS], e_ident[EI_DATA], e_machine of the ELF header.
        for name, at, value, word in (("class32", 4, b"\x01", "32-bit"), ("big-endian", 5, b"\x02", "big-endian"),
                                      ("s390", 18, b"\x16\x00", "s390x"), ("nonsense", 4, b"\x07", "damaged ELF header")):
            changed = plain.copy()
            changed[at:at + len(value)] = value
            self.refused(self.write(name, bytes(changed)), harness.BAD_INPUT, word)
        program = self.directory / "linux-386"
        twins_source = harness.SOURCE_DIR / "tests/fixtures/real/hello"
        harness.toolchain(harness.GO).run(["build", "-o", str(program), "."], cwd=twins_source, goarch="386", GOFLAGS="")
        self.refused(program, harness.BAD_INPUT, "32-bit")

    def test_no_regular_file(self):
        fifo = self.directory / "fifo"
        os.mkfifo(fifo)  # nobody writes to it: opening it in the plain way would wait for ever
        self.refused(fifo, harness.BAD_INPUT, "is not a regular file")
        self.refused(self.directory, harness.BAD_INPUT, "is a directory")
        self.refused("/dev/zero", harness.BAD_INPUT, "is not a regular file")
        self.refused(self.directory / "nowhere", harness.BAD_INPUT, "No such file")
        loop = self.directory / "loop"
        loop.symlink_to(loop)
        self.refused(loop, harness.ENVIRONMENT, "symbolic links")

    def test_no_permission(self):
        program = self.directory / "secret"
        shutil.copy2(self.file, program)
        program.chmod(0)
        if os.geteuid() != 0:
            self.refused(program, harness.ENVIRONMENT, "Permission denied")
            return
        # Root may read everything; nobody may not.
        self.directory.chmod(0o755)
        own = self.directory / "gooffsets"
        shutil.copy2(harness.tool("GOOFFSETS"), own)
        for arguments in self.ways(program):
            run = subprocess.run([str(own), *map(str, arguments)], user=65534, group=65534, extra_groups=[], capture_output=True,
                                 text=True, timeout=LIMIT, cwd="/", env=harness.clean_environment())
            self.assertEqual((run.returncode, run.stdout), (harness.ENVIRONMENT, ""), run.stderr)
            self.assertRegex(run.stderr, ADVICE)
            self.assertIn("Permission denied", run.stderr)

    def test_a_4_gb_file_of_nothing(self):
        hole = self.directory / "hole"
        with open(hole, "wb") as file:
            file.truncate(4 << 30)
        self.refused(hole, harness.BAD_INPUT, "is not an ELF file")
        # A program that says that its first segment and a section fill it.
        content = bytearray(self.file.read_bytes())
        sections, = struct.unpack_from("<Q", content, 0x28)
        segments, = struct.unpack_from("<Q", content, 0x20)
        grown = self.directory / "grown"
        for index in range(struct.unpack_from("<H", content, 0x38)[0]):
            if struct.unpack_from("<I", content, segments + 56 * index)[0] == 1:  # PT_LOAD: p_filesz, p_memsz
                struct.pack_into("<QQ", content, segments + 56 * index + 32, (4 << 30) - 4096, (4 << 30) - 4096)
                break
        struct.pack_into("<Q", content, sections + 64 + 32, 4 << 30)  # sh_size of the first section that is one
        grown.write_bytes(content)
        with open(grown, "r+b") as file:
            file.truncate(4 << 30)
        for arguments in self.ways(grown):
            self.never_wrong(self.gooffsets(*arguments), arguments)

    # Broken programs: refused, or what is still found is right

    def truth(self):
        if not hasattr(self, "truths"):
            self.truths = []
            for arguments in list(self.ways(self.file))[2:]:
                run = self.gooffsets(*arguments)
                self.assertEqual(run.returncode, harness.DONE, str(run))
                self.truths.append(json.loads(run.stdout))
        types, resolved = self.truths
        return {struct["name"]: struct for struct in types["types"]}, {want["as"]: want for want in resolved["probes"][0]["wants"]}

    def never_wrong(self, run, arguments):
        """Returns whether it answered. What it answers is what it says of the whole program."""
        types, wants = self.truth()
        if run.returncode == harness.BAD_INPUT:
            self.assertRegex(run.stderr, MESSAGE.pattern + r"\Z", str(run))
            if "--types" not in arguments:
                self.assertEqual(run.stdout, "", str(run))
            return False
        self.assertIn(run.returncode, (harness.DONE, harness.PARTIAL, harness.UNKNOWN), str(run))
        self.assertEqual(run.stderr, "", str(run))
        if "json" not in arguments:
            return True
        answer = json.loads(run.stdout)
        for struct_ in answer.get("types", []):
            self.assertEqual(struct_, types.get(struct_["name"]), str(arguments))
        for probe in answer.get("probes", []):
            for want in probe["wants"]:
                if want["status"] == "found" and "offset" in want:
                    self.assertEqual(want["offset"], wants[want["as"]]["offset"], str(arguments))
                elif want["status"] == "absent":
                    self.assertEqual(wants[want["as"]]["status"], "absent", f"{arguments}: {want}")
        return True

    def test_cut_off_anywhere(self):
        content = self.file.read_bytes()
        size = len(content)
        rng = random.Random(4)
        places = sorted({0, 1, 15, 16, 63, 64, 65, 119, 120, 4095, 4096, size - 1, size - 64, size - 4096,
                         *(size * k // 16 for k in range(1, 16)), *(rng.randrange(size) for _ in range(12))})
        answered = 0
        for place in places:
            path = self.write("cut", content[:place])
            for arguments in self.ways(path):
                with self.subTest(bytes=place, command=arguments[0]):
                    answered += self.never_wrong(self.gooffsets(*arguments), arguments)
        print(f"cut off at {len(places)} places: {answered} of {4 * len(places)} runs still answered, none wrong, "
              f"the slowest in {self.slowest:.1f} s", flush=True)

    def test_section_headers_that_lie(self):
        content = self.file.read_bytes()
        offset, = struct.unpack_from("<Q", content, 0x28)
        count, names = struct.unpack_from("<HH", content, 0x3C)
        # Elf64_Shdr: name, type, flags, addr, offset, size, link, info, addralign, entsize
        entry = struct.Struct("<IIQQQQIIQQ")
        cases = {}
        for index in range(1, count):
            header = list(entry.unpack_from(content, offset + index * entry.size))
            for what, field, value in (("offset", 4, 1 << 63), ("size", 5, (1 << 64) - 1), ("address", 3, (1 << 64) - 8),
                                       ("name", 0, 0xFFFFFFFF), ("moved", 4, 64)):
                changed = header.copy()
                changed[field] = value
                cases[f"section {index}: {what}"] = (offset + index * entry.size, entry.pack(*changed))
        cases["e_shoff beyond the end"] = (0x28, struct.pack("<Q", len(content) + 1))
        cases["e_shoff near 2^64"] = (0x28, struct.pack("<Q", (1 << 64) - 64))
        cases["e_shnum 65535"] = (0x3C, struct.pack("<H", 65535))
        cases["e_shstrndx beyond"] = (0x3E, struct.pack("<H", 60000))
        cases["e_phnum 65535"] = (0x38, struct.pack("<H", 65535))
        cases["e_phoff near 2^64"] = (0x20, struct.pack("<Q", (1 << 64) - 32))
        chosen = cases if harness.WHOLE_MATRIX else dict(list(cases.items())[::4] + list(cases.items())[-6:])
        if len(chosen) < len(cases):
            harness.left_out(f"{len(cases) - len(chosen)} of {len(cases)} lying ELF headers")
        answered = runs = 0
        path = self.write("liar", content)
        with open(path, "r+b") as file:
            for case, (at, lie) in chosen.items():
                file.seek(at)
                file.write(lie)
                file.flush()
                for arguments in list(self.ways(path))[2:]:
                    with self.subTest(case=case, command=arguments[0]):
                        answered += self.never_wrong(self.gooffsets(*arguments), arguments)
                        runs += 1
                file.seek(at)
                file.write(content[at:at + len(lie)])
        print(f"{len(chosen)} lying headers: {answered} of {runs} runs still answered, none wrong, the slowest in {self.slowest:.1f} s",
              flush=True)
        self.assertGreater(answered, runs // 2)  # most sections are not needed

    def test_bytes_that_changed(self):
        """Wherever bytes are garbage: an end within the limits, and no signal. (What garbage says may be wrong.)"""
        content = self.file.read_bytes()
        rng = random.Random(5)
        rounds = 200 if harness.WHOLE_MATRIX else 25
        for round_ in range(rounds):
            changed = bytearray(content)
            for _ in range(rng.choice((1, 8, 64))):
                at = rng.randrange(len(changed) - 4096)
                length = rng.choice((1, 8, 4096))
                changed[at:at + length] = rng.choice((bytes(length), b"\xff" * length, rng.randbytes(length)))
            path = self.write("garbage", bytes(changed))
            for arguments in list(self.ways(path))[2:]:
                with self.subTest(round=round_, command=arguments[0]):
                    run = self.gooffsets(*arguments)
                    self.assertIn(run.returncode, ANY_END, str(run))
        print(f"{rounds} programs with garbage in them: no crash, the slowest in {self.slowest:.1f} s", flush=True)

    def test_a_file_that_changes_while_it_is_read(self):
        content = self.file.read_bytes()
        path = self.write("changing", content)
        stop = threading.Event()
        changes = 0

        def change():
            nonlocal changes
            with open(path, "r+b", buffering=0) as file:
                while not stop.is_set():
                    for keep in (len(content) // 2, 100, len(content) - 1):
                        file.truncate(keep)
                        file.seek(keep)
                        file.write(content[keep:])
                        changes += 1

        writer = threading.Thread(target=change)
        writer.start()
        codes = {}
        try:
            for _ in range(10):
                for arguments in list(self.ways(path))[2:]:
                    run = self.gooffsets(*arguments)
                    self.assertIn(run.returncode, (*ANY_END, harness.ENVIRONMENT), str(run))
                    codes[run.returncode] = codes.get(run.returncode, 0) + 1
        finally:
            stop.set()
            writer.join()
        print(f"a file that changed {changes} times during 20 runs: exit codes {codes}", flush=True)
        self.assertGreater(changes, 20)

    # Garbled and packed programs

    def test_garbled_programs(self):
        for go, release, flags in garble.chosen():
            with self.subTest(go=go, garble=release, flags=flags):
                try:
                    program = garble.build(go, release, flags)
                except garble.Missing as reason:
                    harness.skip(self, str(reason))
                run = self.gooffsets("inspect", program, "--format", "json")
                self.assertEqual(run.returncode, harness.DONE, str(run))
                info = json.loads(run.stdout)
                self.assertTrue(info["obfuscation"].startswith("garble"), info)
                text = self.gooffsets("inspect", program)
                self.assertRegex(text.stdout, r"\n  obfuscated +garble")
                # The same sources with the same Go, not garbled, say what would be right.
                twin = twins.build(go, "amd64", "sw").stripped
                truth = json.loads(self.gooffsets("resolve", twin, "--no-db", "--want", self.wants, "--format", "json").stdout)
                truths = {want["as"]: want for want in truth["probes"][0]["wants"]}
                database = harness.BUILD_DIR / "share" / "gooffsets" / "offsets.db"
                for more in [["--no-db"]] + ([["--db", database, "--allow-bracketed"]] if database.exists() else []):
                    run = self.gooffsets("resolve", program, *more, "--want", self.wants, "--format", "json")
                    self.assertIn(run.returncode, (harness.PARTIAL, harness.UNKNOWN), str(run))
                    probe = json.loads(run.stdout)["probes"][0]
                    self.assertFalse(probe["usable"], probe)
                    for want in probe["attach"] + probe["wants"]:
                        # Its names are gone, which proves no absence.
                        self.assertNotEqual(want["status"], "absent", want)
                        if want["status"] == "found":
                            self.assertEqual((want.get("offset"), want.get("size")),
                                             (truths[want["as"]].get("offset"), truths[want["as"]].get("size")), want)
                        else:
                            self.assertIn("garble", want["tried"][0]["reason"], want)
                self.check_without_build_info(program)
                print(f"Go {go} garbled by {release} {' '.join(flags)}: {info['obfuscation']}", flush=True)

    def check_without_build_info(self, garbled):
        """Nothing but its pclntab shows then that it is a Go program."""
        content = bytearray(garbled.read_bytes())
        at = content.index(b"\xff Go buildinf:")  # src: debug/buildinfo/buildinfo.go, buildInfoMagic
        content[at:at + 14] = bytes(14)
        program = self.write("without-build-info", bytes(content))
        info = json.loads(self.gooffsets("inspect", program, "--format", "json").stdout)
        self.assertFalse(info["tables"]["build_info"]["found"], info)
        self.assertRegex(info["tables"]["pclntab"]["how"], "magic number 0x[0-9a-f]{8}.*garble or an unknown Go release")
        run = self.gooffsets("resolve", program, "--no-db", "--want", self.wants, "--format", "json")
        self.assertEqual(run.returncode, harness.UNKNOWN, str(run))

    def test_a_packed_program(self):
        packer = shutil.which("upx")
        if not packer:
            harness.skip(self, "there is no upx here")
        packed = self.directory / "packed"
        subprocess.run([packer, "-q", "-o", str(packed), str(twins.build(PROGRAM[0], "amd64", "sw").stripped)], check=True,
                       capture_output=True, timeout=300)
        info = json.loads(self.gooffsets("inspect", packed, "--format", "json").stdout)
        self.assertTrue(info["packing"].startswith("UPX"), info)
        run = self.gooffsets("resolve", packed, "--no-db", "--want", self.wants, "--format", "json")
        self.assertEqual(run.returncode, harness.UNKNOWN, str(run))
        for want in json.loads(run.stdout)["probes"][0]["wants"]:
            self.assertEqual(want["status"], "unknown", want)

    # The other files of a command

    def resolve_fails(self, code, *arguments, words=(), advice=True):
        run = self.gooffsets("resolve", self.file, *arguments)
        self.assertEqual((run.returncode, run.stdout), (code, ""), str(run))
        self.assertRegex(run.stderr, (ADVICE if advice else MESSAGE).pattern + r"\Z")
        self.assert_says(run, *words)

    def test_want_lists(self):
        nowhere = self.directory / "nowhere.toml"
        self.resolve_fails(harness.BAD_INPUT, "--no-db", "--want", nowhere, words=[str(nowhere), "No such file", "docs/want-lists.md"])
        for text, *words in (("[probe", "bad.toml:1"), ('[probe.a]\nneeds = ["net/http.Request.URL"]\n', "bad.toml:2", "needs"),
                             ('[probe.a]\nneed = [3]\n', "bad.toml:2"), ('[probe.a]\nneed = ["URL"]\n', "bad.toml:2"),
                             ("", "has no probe"), ("[probe.a]\n", "a"), ("\0" * 100, "bad.toml"), ("a" * (2 << 20), "larger than 1 MB")):
            self.resolve_fails(harness.BAD_INPUT, "--no-db", "--want", self.write("bad.toml", text), words=words, advice=False)

    def test_databases(self):
        nowhere = self.directory / "nowhere.db"
        self.resolve_fails(harness.BAD_INPUT, "--want", self.wants, "--db", nowhere, words=["there is no database", "nowhere.db", "offsetgen"])
        self.resolve_fails(harness.BAD_INPUT, "--want", self.wants, "--db", self.file, words=["is no offsets database"], advice=False)
        other = self.directory / "other.db"
        with sqlite3.connect(other) as connection:
            connection.execute("CREATE TABLE t (a)")
        connection.close()
        self.resolve_fails(harness.BAD_INPUT, "--want", self.wants, "--db", other, words=["is no offsets database"], advice=False)
        newer = self.directory / "newer.db"
        with sqlite3.connect(newer) as connection:
            connection.execute("PRAGMA application_id = 0x676f6f66")  # docs/formats.md, "Database"
            connection.execute("PRAGMA user_version = 99")
        connection.close()
        before = newer.read_bytes()
        self.resolve_fails(harness.BAD_INPUT, "--want", self.wants, "--db", newer, words=["level 99", "install a newer gooffsets"])
        self.assertEqual(newer.read_bytes(), before)


if __name__ == "__main__":
    harness.main()
