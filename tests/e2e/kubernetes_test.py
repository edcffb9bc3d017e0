"""The Kubernetes examples: they are what the API's schemas allow, and their containers do what they are for.

No cluster is needed: the commands run as a kubelet would start them (user, groups, no capabilities, read-only root, the
volumes and nothing else writable, process 1 of its own), in a view of this system whose image are the built programs.
"""

import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

import harness
import pypi
import view
from feeds import made
from harness import SOURCE_DIR, tool
from units_test import places

VALIDATOR = "kubernetes-validate==1.37.0"
VERSIONS = ("1.27", "1.37")
FILES = sorted((SOURCE_DIR / "packaging" / "kubernetes").glob("*.yaml"))
# What a user replaces, as the files say.
FEED, KEY = "https://offsets.example/feed", "RWQ..."


def pod(document):
    """The pod that a Pod, Deployment or CronJob makes; None: it makes none."""
    spec = document.get("spec", {})
    if document["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec if document["kind"] == "Pod" else spec.get("template", {}).get("spec")


class Cluster:
    """The objects of one file, with the feed and the key filled in."""

    def __init__(self, test, name, feed="http://127.0.0.1:8080/feed", secrets=()):
        python = pypi.program(test, VALIDATOR, "python")
        text = (SOURCE_DIR / "packaging" / "kubernetes" / name).read_text()
        text = text.replace(FEED, feed).replace(KEY, (made() / "a.pub").read_text().splitlines()[1])
        done = subprocess.run([str(python), "-c", "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))"], input=text,
                              capture_output=True, text=True, check=True, timeout=60)
        self.documents = json.loads(done.stdout)
        self.config = {d["metadata"]["name"]: d["data"] for d in self.documents if d["kind"] == "ConfigMap"}
        self.pod = next(p for p in map(pod, self.documents) if p)
        self.secrets = dict(secrets)  # name: {file: text}
        self.files = {}

    def containers(self):
        return [*self.pod.get("initContainers", []), *self.pod["containers"]]

    def environment(self, container):
        values = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        for source in container.get("envFrom", []):
            values.update(self.config[source["configMapRef"]["name"]])
        for one in container.get("env", []):
            if "value" in one:
                values[one["name"]] = one["value"]
            else:
                reference = one["valueFrom"]["configMapKeyRef"]
                values[one["name"]] = self.config[reference["name"]][reference["key"]]
        return values

    def volumes(self):
        """Shell commands that make the pod's volumes with the owners and modes that kubelet gives them."""
        group = self.pod.get("securityContext", {}).get("fsGroup", 0)
        lines = []
        for volume in self.pod["volumes"]:
            place = f"/run/volumes/{volume['name']}"
            lines.append(f"mkdir -p {place}")
            source, files, mode = (volume.get("configMap"), None, 0o644)
            if source:
                files = self.config[source["name"]]
            elif "secret" in volume:
                files, mode = self.secrets[volume["secret"]["secretName"]], volume["secret"].get("defaultMode", 0o644) | 0o440
            for name, text in (files or {}).items():
                self.files[f"etc/volumes/{volume['name']}/{name}"] = text
                lines.append(f"install -m {mode:o} /etc/volumes/{volume['name']}/{name} {place}/{name}")
            lines.append(f"chown -R root:{group} {place}; chmod {'0755' if files else '2777'} {place}")
        return "\n".join(lines)

    def script(self, name, **extra):
        """What starts a container: it becomes the container's process 1."""
        container = next(c for c in self.containers() if c["name"] == name)
        rights = {**self.pod.get("securityContext", {}), **container.get("securityContext", {})}
        user = rights.get("runAsUser", 0)
        assert user != 0 or not rights.get("runAsNonRoot"), name
        lines = ["set -euo pipefail", "mount --make-rprivate /"]
        for mount in container.get("volumeMounts", []):
            path = mount["mountPath"]
            lines += [f"mkdir -p {path}", f"mount --bind /run/volumes/{mount['name']} {path}"]
            if mount.get("readOnly"):
                lines.append(f"mount -o remount,bind,ro {path}")
        if rights.get("readOnlyRootFilesystem"):
            mounted = {mount["mountPath"] for mount in container.get("volumeMounts", [])}
            lines += [f"mount -o remount,bind,ro {path}" for path in ("/run", "/tmp", "/") if path not in mounted]
        command = ["setpriv", f"--reuid={user}", "--regid=0", "--groups", str(rights.get("fsGroup", 0))]
        if rights.get("capabilities", {}).get("drop") == ["ALL"]:
            command += ["--bounding-set=-all", "--inh-caps=-all"]
        if rights.get("allowPrivilegeEscalation") is False:
            command.append("--no-new-privs")
        command += ["env", "-i", *(f"{k}={v}" for k, v in {**self.environment(container), **extra}.items()), *container.get("command", []),
                    *container.get("args", [])]
        lines.append("exec " + shlex.join(command))
        return "\n".join(lines) + "\n"

    def run(self, test, steps, files=None, copies=None, **environment):
        names = [c["name"] for c in self.containers() if c["name"] != "tracer"]
        prelude = self.volumes() + r"""
start() { unshare --kill-child --pid --fork --mount --mount-proc bash "/etc/containers/$1" >"/run/out/$1.out" 2>"/run/out/$1.err" & echo $! >"/run/$1.pid"; }
finish() { wait "$(cat "/run/$1.pid")"; }
stop() { pkill -TERM --parent "$(cat "/run/$1.pid")"; finish "$1"; }
reach() { curl -sS --fail --retry 60 --retry-delay 1 --retry-all-errors "$@"; }
python3 -m http.server 8080 --bind 127.0.0.1 --directory /srv >/dev/null 2>&1 &
reach -o /dev/null http://127.0.0.1:8080/
"""
        scripts = {f"etc/containers/{name}": self.script(name, **environment) for name in names}
        return view.run(test, prelude + steps, files={**self.files, **scripts, **(files or {})},
                        copies={**places(), "srv/feed": made() / "feed1", "srv/feed2": made() / "feed", **(copies or {})})


class Manifests(unittest.TestCase):
    def test_they_are_what_the_schemas_allow(self):
        program = pypi.program(self, VALIDATOR, "kubernetes-validate")
        self.assertEqual(len(FILES), 4)
        for version in VERSIONS:
            done = subprocess.run([str(program), "--strict", "--kubernetes-version", version, *map(str, FILES)], capture_output=True, text=True,
                                  timeout=120)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual((done.stdout + done.stderr).count("passed for resource"), sum(f.read_text().count("apiVersion:") for f in FILES))
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as spoilt:
            spoilt.write(FILES[0].read_text().replace("readOnlyRootFilesystem", "readOnlyRootFileSystem"))
            spoilt.flush()
            done = subprocess.run([str(program), "--strict", spoilt.name], capture_output=True, text=True, timeout=120)
        self.assertNotEqual(done.returncode, 0, done.stdout)

    def test_options_and_paths_are_those_of_the_programs(self):
        for path in FILES:
            cluster = Cluster(self, path.name)
            for container in cluster.containers():
                self.assertIn("image", container)
                words = container.get("command", []) + container.get("args", [])
                if not words:  # the tracer, which is the user's
                    continue
                program = os.path.basename(words[0])
                if program in ("sh", "gooffsets-publish"):
                    continue
                help_text = subprocess.run([tool({"offsetd": "OFFSETD", "update-offsets": "UPDATE_OFFSETS"}[program]), "--help"],
                                           capture_output=True, text=True, check=True, timeout=60).stdout
                for option in (word.split("=")[0] for word in words if word.startswith("--")):
                    self.assertRegex(help_text, re.escape(option) + r"\b", path.name)

    def test_offsetd_answers_its_probes_and_its_service(self):
        view.possible(self)
        cluster = Cluster(self, "offsetd.yaml")
        container = cluster.pod["containers"][0]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        service = next(d for d in cluster.documents if d["kind"] == "Service")["spec"]
        labels = next(d for d in cluster.documents if d["kind"] == "Deployment")["spec"]["template"]["metadata"]["labels"]
        self.assertLessEqual(service["selector"].items(), labels.items())
        port = ports[service["ports"][0]["targetPort"]]
        probes = "".join(f"reach -o /dev/null http://127.0.0.1:{ports[container[kind]['httpGet']['port']]}{container[kind]['httpGet']['path']}\n"
                         for kind in ("livenessProbe", "readinessProbe"))
        limit = int(re.fullmatch(r"(\d+)Mi", container["resources"]["limits"]["memory"]).group(1))
        run = cluster.run(self, f"""
start offsetd
{probes}
reach http://127.0.0.1:{port}/v1/status >/run/out/status
cat /proc/$(pgrep -x offsetd)/status >/run/out/process
stop offsetd
""")
        self.assertTrue(json.loads(run.files["status"])["ready"])
        peak = int(re.search(r"VmHWM:\s+(\d+)", run.files["process"]).group(1)) / 1024
        self.assertLess(peak, limit)

    def test_the_job_updates_a_volume(self):
        view.possible(self)
        run = Cluster(self, "update-offsets.yaml").run(self, """
start update-offsets; finish update-offsets
cat /run/out/update-offsets.out
start update-offsets; finish update-offsets
cat /run/out/update-offsets.out
rm -r /srv/feed; mv /srv/feed2 /srv/feed
start update-offsets; finish update-offsets
setpriv --reuid=4711 --regid=4711 --clear-groups sha256sum /run/volumes/offsets/current.db >/run/out/digest  # any reader
""")
        manifest = json.loads((made() / "feed" / "manifest.json").read_text())
        self.assertEqual(run.files["digest"].split()[0], manifest["database"]["sha256"])
        self.assertEqual(json.loads(run.files["update-offsets.out"])["version"], 2)

    def test_the_sidecar_goes_on_with_what_the_first_container_brought(self):
        view.possible(self)
        cluster = Cluster(self, "sidecar.yaml")
        # What is waited for hours there is looked at every second here.
        sidecar = cluster.pod["containers"][1]
        self.assertIn("10800", sidecar["command"][2])
        sidecar["command"][2] = sidecar["command"][2].replace("10800", "1").replace("7200", "1")
        run = cluster.run(self, """
start first-offsets; finish first-offsets
test -s /run/volumes/offsets/current.db
rm -r /srv/feed; mv /srv/feed2 /srv/feed
start update-offsets
for attempt in $(seq 300); do if grep -q 'version 2' /run/out/update-offsets.out; then break; fi; sleep 0.1; done
sha256sum /run/volumes/offsets/current.db >/run/out/digest
stop update-offsets  # at once, though it waits
""")
        manifest = json.loads((made() / "feed" / "manifest.json").read_text())
        self.assertEqual(run.files["digest"].split()[0], manifest["database"]["sha256"], str(run))


class Publisher(harness.ToolTest):
    fixtures = {"healthy", "nested"}

    def test_the_publisher_adds_to_its_volume(self):
        view.possible(self)
        goroot = pathlib.Path(harness.go_env("GOROOT"))
        if goroot.is_relative_to("/root"):
            harness.skip(self, f"{goroot} cannot be read by other users")
        self.generate("healthy", ">=1.0")
        self.offsetgen("keygen", self.directory / "gooffsets.key", db=False, cache=False)
        cluster = Cluster(self, "gooffsets-publish.yaml", secrets={"gooffsets-key": {"gooffsets.key": (self.directory / "gooffsets.key").read_text()}})
        cluster.run(self, """
cp /srv/offsets.db /run/volumes/data/; chown 65532 /run/volumes/data/offsets.db
start publish; finish publish
update-offsets --from /run/volumes/data/feed --key /srv/gooffsets.pub --dir /tmp/place
start publish; finish publish
grep 'version 1 is up to date' /run/out/publish.out
""", copies={"srv/proxy": self.proxy.root, "srv/offsets.db": self.db, "srv/gooffsets.pub": self.directory / "gooffsets.pub"},
                    GOOFFSETS_TARGETS=f"--module example.test/healthy --versions >=1.0 --arch amd64 --go {harness.GO}", GOOFFSETS_SAMPLE="0",
                    GOPROXY="file:///srv/proxy", GONOSUMDB="example.test", PATH=f"{goroot}/bin:/usr/bin:/bin")


if __name__ == "__main__":
    harness.main()
