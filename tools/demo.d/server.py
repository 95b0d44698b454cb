"""The BlockEmu server as a process of the demo's own, and the few HTTP requests that the demo makes."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

import interrupts
from pace import patience
from vm import TOOLS

REPOSITORY = os.path.dirname(TOOLS)
PROGRAM = os.path.join(REPOSITORY, "Server", "bin", "Release", "net10.0", "blockemu-server.dll")


FIRST_LISTENER = 3   # SD_LISTEN_FDS_START


class ServerProblem(Exception):
    """The server did not start, or refused a request."""


def nqn(disk):
    """The disk's subsystem over NVMe/TCP."""
    return f"nqn.2026-11.io.blockemu:{disk}"


def build():
    """Builds the server as its users do, in the Release configuration."""
    subprocess.run(["dotnet", "build", "-c", "Release", "-v", "quiet", "-nologo", "-clp:ErrorsOnly",
                    os.path.join(REPOSITORY, "Server")], check=True, stdout=subprocess.DEVNULL)


class Liar:
    """A proxy in front of the disk that answers every flush, and drops FUA, without passing either on: what a device
    looks like that says "safe" and is not. The demo must notice."""

    def __init__(self, server_port, log_path):
        self._process, self._log_path = None, log_path
        # The socket is ours, and listens for as long as we do: no other program can have its port between two proxies.
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._command = ["/bin/sh", "-c", 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"', "sh", "nbdkit", "--foreground", "--exit-with-parent",
                         "--filter=fua", "nbd", "hostname=127.0.0.1", f"port={server_port}", "export=disk0",
                         "fuamode=discard"]

    def start(self):
        """Starts it, or starts it again: its connections to the server do not outlive a power cut."""
        self.stop()
        with open(self._log_path, "ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(FIRST_LISTENER,), preexec_fn=self._hand_over)
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience(10)) as probe:
            if probe.recv(8) != b"NBDMAGIC":
                raise ServerProblem(f"nbdkit does not answer; see {self._log_path}")

    def _hand_over(self):
        """In the child: the listening socket is the descriptor that systemd's way of handing one over says."""
        os.dup2(self._socket.fileno(), FIRST_LISTENER, inheritable=True)
        os.set_inheritable(FIRST_LISTENER, True)   # where it was that descriptor already

    def close(self):
        self.stop()
        self._socket.close()

    def stop(self):
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class Server:
    """A server with disks, on free loopback ports. `disks`: the options of each by its name, or those of one named disk0.
    Methods that concern one disk take disk0 unless told otherwise."""

    def __init__(self, program, disks, log_path, is_lying=False):
        disks = disks if isinstance(disks, dict) else {"disk0": disks}
        command = (["dotnet", program] if program.endswith(".dll") else [program])
        for name, options in disks.items():
            command += ["--disk", f"name={name},{options}"]
        ready_file = log_path + ".ready"
        command += ["--nbd", "127.0.0.1:0", "--nvme", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--ready-file", ready_file]
        self.command = " ".join(command)
        self._liar, self._log_path = None, log_path
        self._process = None
        try:
            with open(log_path, "ab") as log, interrupts.held():
                # A session of its own: Ctrl-C ends the demo, and the demo ends the server.
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
            ready = self._wait_until_ready(ready_file)
            self._nbd_port, self.nvme_port, self._admin_port = (
                int(endpoint.rpartition(":")[2]) for endpoint in (ready["nbd"][0], ready["nvme"][0], ready["admin"]))
            if is_lying:
                self._liar = Liar(self._nbd_port, log_path)
                self._liar.start()
        except BaseException:
            self.stop()
            raise
        self.nbd_uri = f"nbd://127.0.0.1:{self._nbd_port}/disk0"
        self.guest_port = self._liar.port if self._liar else self._nbd_port

    def _wait_until_ready(self, ready_file):
        """What the server says of itself once it serves (docs/command-line.md, "--ready-file")."""
        limit_s = patience(60)
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if self._process.poll() is not None:
                with open(self._log_path, encoding="utf-8", errors="replace") as log:
                    raise ServerProblem(f"the server ended with {self._process.returncode}: {log.read()[-2000:].strip()}")
            if os.path.exists(ready_file):
                with open(ready_file, encoding="utf-8") as file:
                    return json.load(file)
            time.sleep(0.05)
        raise ServerProblem(f"the server was not ready after {limit_s} s; its output is in {self._log_path}")

    @contextlib.contextmanager
    def _request(self, method, path, body=None, headers=None):
        """The answer's stream; `body` is bytes or a file."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._admin_port}{path}", method=method, data=body, headers=headers or {})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))   # loopback: never through a proxy
        try:
            with opener.open(request, timeout=patience(60)) as answer:
                yield answer
        except urllib.error.HTTPError as refused:
            raise ServerProblem(f"{method} {path}: {refused.code} {refused.read().decode(errors='replace')}") from None

    def _send(self, method, path, body=None):
        content = None if body is None else json.dumps(body).encode()
        with self._request(method, path, content, {"Content-Type": "application/json"} if content else {}) as answer:
            return answer.read()

    def cut(self, loss, clients="hang", disk="disk0"):
        """Cuts the disk's power; `clients` is what they see of it. Returns the report."""
        return json.loads(self._send("POST", f"/api/v1/disks/{disk}/power/cut", {"loss": loss, "clients": clients}))

    def cut_when_pending(self, commands, close_book, timeout_s, **cut):
        """Watches until so many of the disk's commands are unflushed, calls `close_book`, and cuts at once; `cut` is the
        request's body. Without them in time it cuts all the same. Returns the report."""
        end = time.monotonic() + timeout_s
        # One connection for all: a moment later a flush may have made everything safe.
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self._admin_port, timeout=patience(60))) as connection:
            while time.monotonic() < end:
                connection.request("GET", "/api/v1/disks/disk0")
                if json.loads(connection.getresponse().read())["pendingCommands"] >= commands:
                    break
            close_book()
            connection.request("POST", "/api/v1/disks/disk0/power/cut", json.dumps(cut),
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise ServerProblem(f"the cut: {answer.status} {text.decode(errors='replace')}")
            return json.loads(text)

    def wait_for_pending(self, disks, commands, timeout_s):
        """Watches until each of the disks has so many unflushed commands; says whether they came in time."""
        end = time.monotonic() + timeout_s
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self._admin_port, timeout=patience(60))) as connection:
            while time.monotonic() < end:
                connection.request("GET", "/api/v1/disks")
                found = {disk["name"]: disk["pendingCommands"] for disk in json.loads(connection.getresponse().read())["disks"]}
                if all(found[disk] >= commands for disk in disks):
                    return True
        return False

    def pending(self):
        """What was pending at the last cut, command by command (docs/http.md, "Reports"), while there is a report."""
        commands, offset = [], 0
        while True:
            page = json.loads(self._send("GET", f"/api/v1/disks/disk0/reports/latest?offset={offset}&limit=10000"))
            commands += page["pending"]
            offset += len(page["pending"])
            if not page["pending"] or offset >= page["pendingTotal"]:
                return commands

    def shutdown(self):
        self._send("POST", "/api/v1/disks/disk0/power/shutdown", {})

    def power_on(self, disk="disk0"):
        self._send("POST", f"/api/v1/disks/{disk}/power/on", {})
        if self._liar:
            self._liar.start()

    def save(self, path, file_path, disk="disk0"):
        """Keeps what a request under the disk answers; says whether that worked."""
        try:
            with self._request("GET", f"/api/v1/disks/{disk}/{path}") as answer, open(file_path, "wb") as file:
                shutil.copyfileobj(answer, file, 1 << 20)
        except (OSError, ServerProblem):
            return False
        return True

    def replace_platter(self, file_path):
        """Puts an image on the disk, whose power is off."""
        with open(file_path, "rb") as image:
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(os.path.getsize(file_path))}
            with self._request("PUT", "/api/v1/disks/disk0/platter", image, headers):
                pass

    def stop(self):
        with interrupts.held():
            if self._liar:
                self._liar.close()
            if self._process and self._process.poll() is None:
                self._process.terminate()
                try:
                    self._process.wait(timeout=patience(10))
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
