"""An export as a block device of this machine, with a file system on it: nbdfuse makes it a file, a loop device makes that
a device. Needs root, and a kernel with FUSE and loop devices, but none with an NBD client."""

import os
import re
import shutil
import subprocess
import time

import interrupts
from outcomes import Trouble
from pace import patience

PROGRAMS = {"nbdfuse": "libnbd-bin", "losetup": "mount", "mount": "mount", "umount": "mount", "mkfs.ext4": "e2fsprogs",
            "filefrag": "e2fsprogs", "fusermount3": "fuse3"}


def require():
    """What is missing here, one sentence each."""
    missing = [f"{program} (Debian package {package})" for program, package in PROGRAMS.items() if not shutil.which(program)]
    missing += [path for path in ("/dev/fuse", "/dev/loop-control") if not os.path.exists(path)]
    return missing + (["root, who alone may mount"] if os.geteuid() != 0 else [])


def run(*command, timeout_s=None, **more):
    """A program that has to succeed; returns what it printed."""
    timeout_s = timeout_s or patience(120)
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout_s, env=os.environ | {"LC_ALL": "C"}, check=False, **more)
    except subprocess.TimeoutExpired:
        raise Trouble(f"{' '.join(command)} did not end in {timeout_s} s") from None
    said = done.stdout.decode("utf-8", "replace")
    if done.returncode != 0:
        raise Trouble(f"{' '.join(command)} ended with {done.returncode}: {said.strip()}")
    return said


class HostDisk:
    """The device and its mount, from `with` to the end of it, whatever happens in between."""

    def __init__(self, uri, folder):
        self._uri, self._fuse = uri, os.path.join(folder, "fuse")
        self.mount_point = os.path.join(folder, "mnt")
        self._nbdfuse = self._loop = None
        self._is_mounted = False
        for path in (self._fuse, self.mount_point):
            os.makedirs(path, exist_ok=True)

    def __enter__(self):
        try:
            with interrupts.held():
                self._attach()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with interrupts.held():
            self._detach()

    def make_file_system(self):
        run("mkfs.ext4", "-q", "-F", self._loop)

    def mount(self):
        """Mounts, which recovers the journal; an error here is the file system's."""
        with interrupts.held():
            run("mount", "-t", "ext4", self._loop, self.mount_point)
            self._is_mounted = True

    def unmount(self, is_lost=False):
        """`is_lost`: the disk is gone, and whoever had files open was told to end."""
        if not self._is_mounted:
            return
        for attempt in range(patience(50)):
            done = subprocess.run(["umount", self.mount_point], stdin=subprocess.DEVNULL, capture_output=True, check=False)
            if done.returncode == 0:
                self._is_mounted = False
                return
            time.sleep(0.1)
        if not is_lost:
            raise Trouble(f"umount: {done.stderr.decode(errors='replace').strip()}")
        subprocess.run(["umount", "--lazy", self.mount_point], check=False, capture_output=True)
        self._is_mounted = False

    def extents(self, path):
        """Where a file's 4 KiB blocks lie: (its block, the disk's block, count) each."""
        found = re.findall(r"^\s*\d+:\s*(\d+)\.\.\s*\d+:\s*(\d+)\.\.\s*\d+:\s*(\d+):",
                           run("filefrag", "-v", "-b4096", path), re.MULTILINE)
        return [tuple(int(part) for part in extent) for extent in found]

    def _attach(self):
        pid_file = self._fuse + ".pid"
        if os.path.exists(pid_file):
            os.remove(pid_file)
        # A session of its own: Ctrl-C ends the demo, and the demo takes this down in order.
        self._nbdfuse = subprocess.Popen(["nbdfuse", "-P", pid_file, self._fuse, self._uri],
                                         stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
        for _ in range(patience(600)):
            if os.path.exists(pid_file):
                break
            if self._nbdfuse.poll() is not None:
                raise Trouble(f"nbdfuse: {self._nbdfuse.stderr.read().decode(errors='replace').strip()}")
            time.sleep(0.02)
        else:
            raise Trouble("nbdfuse does not mount")
        # Direct I/O: what a file system sends reaches the disk at once, and as it was sent.
        self._loop = run("losetup", "--find", "--show", "--direct-io=on", os.path.join(self._fuse, "nbd")).strip()

    def _detach(self):
        try:
            self.unmount(is_lost=True)
            if self._loop:
                run("losetup", "--detach", self._loop)
                self._loop = None
        finally:
            self._end_nbdfuse()

    def _end_nbdfuse(self):
        if not self._nbdfuse:
            return
        subprocess.run(["umount", "--lazy", self._fuse], check=False, capture_output=True)
        try:
            self._nbdfuse.wait(timeout=patience(20))
        except subprocess.TimeoutExpired:
            self._nbdfuse.kill()
            self._nbdfuse.wait()
        self._nbdfuse.stderr.close()
        self._nbdfuse = None
