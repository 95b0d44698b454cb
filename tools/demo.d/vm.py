"""The guest: one run of tools/vm/run, whose lines arrive while it runs and which can be killed like a machine
whose plug is pulled."""

import os
import queue
import signal
import subprocess
import tempfile
import threading

TOOLS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class GuestTimeout(Exception):
    """The guest said nothing for too long."""


class Guest:
    """Boots the VM with a script and files. Lines come from `next_line()`; `on_line` sees each at the moment it arrives,
    on the reading thread, and None at the end."""

    def __init__(self, kernel, script, files, log_base, on_line=None, time_limit_s=240):   # as on a quiet machine: tools/vm/run stretches it
        self._on_line = on_line or (lambda line: None)
        self._queue = queue.Queue()
        self._pid_file = log_base + ".pid"
        with open(log_base + ".err", "ab") as err:
            self._run = subprocess.Popen(
                [os.path.join(TOOLS, "vm", "run"), "-k", kernel, "-t", str(time_limit_s), "-l", log_base + ".kernel",
                 "-p", self._pid_file, *[part for path in files for part in ("-f", path)], script],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for raw in self._run.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            self._on_line(line)
            self._queue.put(line)
        self._on_line(None)
        self._queue.put(None)

    def next_line(self, timeout_s, awaited):
        """The next line, or None when the guest has ended. `awaited`: what for, should it say nothing for so long."""
        try:
            return self._queue.get(timeout=timeout_s)
        except queue.Empty:
            raise GuestTimeout(f"the guest said nothing for {timeout_s} s; awaited: {awaited}") from None

    def kill(self):
        """Pulls the plug: SIGKILL to QEMU. What the guest had not handed over by now is gone."""
        try:
            with open(self._pid_file, encoding="ascii") as pid:
                os.kill(int(pid.read()), signal.SIGKILL)
        except (OSError, ValueError):
            self._run.terminate()   # not yet, or no longer, running commands: run takes its QEMU with it
        self.wait()

    def wait(self):
        """The exit status of tools/vm/run, after its last line was read."""
        status = self._run.wait()
        self._reader.join()
        if os.path.exists(self._pid_file):
            os.remove(self._pid_file)
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._run.poll() is None:
            self.kill()


def build(kernel):
    """Makes the VM where it is not there yet (tools/vm/build says what it does)."""
    subprocess.run([os.path.join(TOOLS, "vm", "build"), "--kernel", kernel], check=True, stdout=subprocess.DEVNULL)


def compile_witness():
    """Compiles the guest's program into a temporary folder of its own; returns (folder, path)."""
    folder = tempfile.TemporaryDirectory(prefix="blockemu-witness-")
    path = os.path.join(folder.name, "witness")
    source = os.path.join(TOOLS, "demo.d", "witness.c")
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-std=gnu17", "-static", "-o", path, source], check=True)
    return folder, path
