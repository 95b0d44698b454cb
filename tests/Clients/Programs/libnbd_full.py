"""A libnbd client of a disk whose image lies on a file system that is too small for it.

usage: libnbd_full.py URI FOLDER; prints "fine", or fails with a traceback. FOLDER is the mount point of the small file
system; in the end it is made larger. Eight MiB are written where only four have room: each is answered from the cache,
no flush may succeed before all of them have room, and until then everything goes on being read and written.
"""

import errno
import subprocess
import sys

import nbd

MIB = 1024 * 1024
uri, folder = sys.argv[1:]
said = []
handle = nbd.NBD()
handle.set_debug_callback(lambda _, message: said.append(message))
handle.set_debug(True)
handle.connect_uri(uri)


def pattern(number):
    return bytes([number + 1]) * MIB


def is_full(call):
    said.clear()
    try:
        call()
    except nbd.Error as error:
        assert error.errnum == errno.ENOSPC and "ENOSPC" in str(error), error
        assert any("server message" in message and "full" in message for message in said), said
    else:
        raise AssertionError("succeeded where there is no room")


def all_is_there(connection):
    for number in range(8):
        assert connection.pread(MIB, number * MIB) == pattern(number), f"MiB {number}"


for number in range(8):
    handle.pwrite(pattern(number), number * MIB)
is_full(handle.flush)
is_full(handle.flush)
all_is_there(handle)
is_full(lambda: handle.pwrite(b"z" * 65536, 20 * MIB, nbd.CMD_FLAG_FUA))
handle.pwrite(b"z" * 65536, 8 * MIB)
assert handle.pread(65536, 8 * MIB) == b"z" * 65536

other = nbd.NBD()
other.connect_uri(uri)
all_is_there(other)
try:
    other.flush()
except nbd.Error as error:
    assert error.errnum == errno.ENOSPC, error
else:
    raise AssertionError("another connection's flush succeeded where there is no room")
other.shutdown()

subprocess.run(["mount", "-o", "remount,size=32m", folder], check=True)
handle.flush()
handle.pwrite(b"f" * 65536, 20 * MIB, nbd.CMD_FLAG_FUA)
all_is_there(handle)
handle.shutdown()
print("fine")
