"""What a user names and cannot be traced is an error at once, with its reason; what may still come is waited for."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess

import garble
import harness
import tracing

STRIPPED = ("-s", "-w")
QUIET = 'package main\nimport ("fmt"; "os")\nfunc main() { fmt.Println("ready"); os.Stdin.Read(make([]byte, 1)) }\n'
SERVER = '''package main
import ("fmt"; "net"; "net/http"; "os")
func main() {
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil { panic(err) }
	fmt.Println("ready")
	http.Serve(listener, http.NotFoundHandler())
}
'''


class Named(tracing.Case):
    def program(self, name, source, go, **environment):
        module = self.folder / f"{name}-src"
        module.mkdir()
        (module / "main.go").write_text(source)
        (module / "go.mod").write_text("module example.com/named\n")
        harness.toolchain(go).run(["build", "-ldflags=-s -w", "-o", str(self.folder / name), "."], module, **environment)
        return self.folder / name

    def refused(self, *arguments, exits=harness.BAD_INPUT, says=()):
        run = harness.run_tool([harness.tool("GOTRACE"), "--db", tracing.database(), *map(str, arguments)],
                               harness.clean_environment(), self.folder, limit=20)
        self.assertEqual(run.returncode, exits, str(run))
        for word in says:
            self.assertIn(word, run.stderr)
        self.assertEqual(run.stdout, "")
        self.assertEqual(run.stderr.count("gotrace: error: "), 1, str(run))

    def test_files(self):
        self.refused("--exe", self.folder / "nothing", says=["nothing", "No such file"])
        self.refused("--exe", self.folder, says=["directory"])
        text = self.folder / "script"
        text.write_text("#!/bin/sh\n")
        self.refused("--exe", text, says=["script", "not an ELF file"])
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        self.refused("--exe", pipe, says=["pipe", "no regular file"])
        self.refused("--exe", shutil.which("sleep"), says=["no Go program"])
        self.refused("--exe", self.program("small", QUIET, harness.GO, goarch="386"), says=["32-bit"])
        self.refused("--exe", self.program("old", QUIET, "1.16.15"), says=["Go 1.16", "too old", "Go 1.17"])
        self.refused("--exe", self.program("silent", QUIET, harness.GO), says=["nothing in it can be traced"])
        whole = self.program("whole", SERVER, harness.GO).read_bytes()
        cut = self.folder / "cut"
        cut.write_bytes(whole[:len(whole) // 10])
        self.refused("--exe", cut, says=["cut"])
        # One of several is enough, and nothing is traced then.
        self.refused("--exe", self.folder / "whole", "--exe", text, says=["not an ELF file"])

    def test_a_command_line_that_means_nothing(self):
        self.refused("./server", exits=harness.USAGE, says=["./server is no command", "--exe ./server"])
        self.refused("--formt", "json", exits=harness.USAGE, says=["--formt is no option", "--help"])
        self.refused(exits=harness.USAGE, says=["nothing to trace", "--pid"])
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            whole = self.program("whole", SERVER, harness.GO)
            self.refused("--exe", whole, "--metrics", address, exits=harness.ENVIRONMENT, says=[address, "another port"])

    def test_a_garbled_program(self):
        go, release, flags = garble.SUBSET[0]
        try:
            program = garble.build(go, release, flags)
        except garble.Missing as missing:
            harness.skip(self, str(missing))
        self.refused("--exe", program, says=["obfuscated", "garble"])

    def test_processes(self):
        process = subprocess.Popen(["sleep", "60"])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.refused("--pid", process.pid, says=[f"process {process.pid}", "no Go program"])
        ended = subprocess.Popen(["true"])
        ended.wait()
        self.refused("--pid", ended.pid, says=[f"there is no process {ended.pid}"])
        if pathlib.Path("/proc/2/comm").read_text().strip() == "kthreadd":
            self.refused("--pid", 2, says=["thread of the kernel"])
        target = tracing.Target(tracing.built("http", "1.27.4", STRIPPED, "pie"))
        self.addCleanup(target.close)
        threads = sorted(map(int, os.listdir(f"/proc/{target.process.pid}/task")))
        self.refused("--pid", threads[-1], exits=harness.USAGE, says=["is a thread of process", f"--pid {threads[0]}"])

    def test_a_process_that_ends_ends_the_tracer(self):
        target = tracing.Target(tracing.built("http", "1.27.4", STRIPPED, "pie"))
        self.addCleanup(target.close)
        tracer = tracing.Tracer(self.folder, "--pid", target.process.pid)
        self.addCleanup(tracer.close)
        records = target.work(3)
        target.process.send_signal(signal.SIGTERM)
        target.process.wait()
        self.assertEqual(tracer.process.wait(timeout=tracing.LIMIT), 0)
        self.assertEqual(len(tracer.spans()), len(records))
        tracer.messages.thread.join(tracing.LIMIT)
        self.assertIn("has ended", "".join(tracer.messages.everything()))

    def test_a_port_that_nobody_listens_on_yet(self):
        program = self.program("server", SERVER, harness.GO)
        port = tracing.free_port()
        tracer = tracing.Tracer(self.folder, "--port", port)
        self.addCleanup(tracer.close)
        self.assertIn(f"nobody listens on port {port} yet", "".join(tracer.messages.everything()))
        server = subprocess.Popen([program, f"127.0.0.1:{port}"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.assertEqual(server.stdout.readline(), "ready\n")
        tracer.messages.until(lambda line: "is traced" in line)
        tracing.get(f"http://127.0.0.1:{port}/late")
        self.assertEqual([span["url.path"] for span in tracer.stop()], ["/late"])


if __name__ == "__main__":
    harness.main()
