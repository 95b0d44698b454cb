"""A PostgreSQL cluster in a folder, run as an unprivileged user in namespaces of its own, so that one SIGKILL ends all of
it at one instant and nothing (System V memory) stays behind."""

import glob
import os
import pwd
import re
import shutil
import signal
import subprocess
import time

import interrupts
from host_disk import run
from outcomes import Trouble
from pace import patience
from pg_wire import Connection, SqlError

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "20",
    "shared_buffers": "64MB",               # all of the table: pages leave by the checkpoint, in file order
    "bgwriter_lru_maxpages": "0",
    "checkpoint_completion_target": "0",
    "max_wal_size": "256MB",
    "autovacuum": "off",
    "restart_after_crash": "off",           # an error of the disk ends it
    "dynamic_shared_memory_type": "sysv",   # goes with the namespace
    "log_line_prefix": "%b: ",
}
TORN = re.compile("invalid page in block|page verification failed")


class StartFailed(Exception):
    """The database did not come up; the message is its own."""


def find_programs():
    """The folder with postgres, initdb and pg_checksums, newest version first; None without one."""
    candidates = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: float(path.split("/")[-2]), reverse=True)
    if shutil.which("postgres"):
        candidates.append(os.path.dirname(os.path.realpath(shutil.which("postgres"))))
    wanted = ("postgres", "initdb", "pg_checksums")
    return next((folder for folder in candidates
                 if all(os.access(os.path.join(folder, program), os.X_OK) for program in wanted)), None)


def require():
    """What is missing here, one sentence each."""
    missing = [f"{program} (Debian package util-linux)" for program in ("unshare", "setpriv") if not shutil.which(program)]
    return missing + ([] if find_programs() else ["postgres, initdb, pg_checksums (Debian package postgresql)"])


def unprivileged_user():
    """PostgreSQL refuses to run as root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    raise Trouble("there is neither a user postgres nor nobody, and PostgreSQL does not run as root")


class Cluster:
    """A data folder, and its server while that runs."""

    def __init__(self, programs, data_folder, socket_folder, log_path):
        self._programs, self._data, self._sockets, self._log_path = programs, data_folder, socket_folder, log_path
        self._user = unprivileged_user()
        self._process = None
        self._log_start = 0
        os.chown(socket_folder, self._user.pw_uid, self._user.pw_gid)

    def make(self):
        """initdb, with checksums."""
        os.mkdir(self._data, 0o700)
        os.chown(self._data, self._user.pw_uid, self._user.pw_gid)
        run(*self._as_user("initdb", "-D", self._data, "--data-checksums", "--no-sync", "--auth=trust",
                           "--username=postgres", "--locale=C", "--encoding=UTF8"), cwd="/")

    def start(self, **settings):
        """Starts it, which recovers what a crash left; returns once it takes queries."""
        options = SETTINGS | {"unix_socket_directories": self._sockets} | settings
        self._log_start = os.path.getsize(self._log_path) if os.path.exists(self._log_path) else 0
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with open(self._log_path, "ab") as log, interrupts.held():
            self._process = subprocess.Popen(
                ["unshare", "--fork", "--pid", "--ipc", "--"] + self._as_user("postgres", "-D", self._data, *arguments),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"})
        end = time.monotonic() + patience(120)
        while time.monotonic() < end:
            try:
                self.connect().close()
                return
            except (OSError, SqlError):
                if self._process.poll() is not None:
                    self._process = None
                    raise StartFailed(self.complaint()) from None
                time.sleep(0.02)
        raise Trouble(f"the database does not come up in {patience(120)} s; its log is {self._log_path}")

    def connect(self):
        return Connection(self._sockets)

    def log(self):
        """What this start has logged so far."""
        if not os.path.exists(self._log_path):
            return ""
        with open(self._log_path, "rb") as log:
            log.seek(self._log_start)
            return log.read().decode("utf-8", "replace")

    def complaint(self):
        """The log's line that says most: a torn page, else the first that is fatal, else the last."""
        lines = self.log().strip().splitlines() or ["(its log is empty)"]
        for wanted in (re.compile("invalid page"), TORN, re.compile("PANIC|FATAL")):
            for line in lines:
                if wanted.search(line):
                    return line
        return lines[-1]

    def stop(self):
        """An orderly end, with its checkpoint."""
        self._signal(signal.SIGINT)
        try:
            status = self._process.wait(timeout=patience(60))
        except subprocess.TimeoutExpired:
            raise Trouble(f"the database does not stop; its log is {self._log_path}") from None
        self._process = None
        if status != 0:
            raise Trouble(f"the database ended with {status}: {self.complaint()}")

    def kill(self):
        """SIGKILL to all of it, now. Fine where nothing runs."""
        with interrupts.held():
            if self._process is None:
                return
            if not self._signal(signal.SIGKILL):
                self._process.kill()
            try:
                self._process.wait(timeout=patience(30))
            finally:
                self._process.kill()
                self._process.wait()
                self._process = None

    def check_pages(self):
        """pg_checksums reads every page of the stopped cluster: (how many are bad, what it says)."""
        done = subprocess.run(self._as_user("pg_checksums", "--check", "-D", self._data), stdin=subprocess.DEVNULL, cwd="/",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=patience(120), check=False)
        said = done.stdout.decode("utf-8", "replace").strip()
        bad = re.search(r"^Bad checksums:\s+(\d+)", said, re.MULTILINE)
        if not bad:
            raise Trouble(f"pg_checksums ended with {done.returncode}: {said}")
        return int(bad.group(1)), said

    def _as_user(self, program, *arguments):
        return ["setpriv", f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}", "--clear-groups", "--",
                os.path.join(self._programs, program), *arguments]

    def _signal(self, number):
        """To the namespace's first process, which is the postmaster: with it SIGKILL takes all others. False: it is gone."""
        pid = self._process.pid
        try:
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
                os.kill(int(children.read()), number)
            return True
        except (OSError, ValueError):
            return False
