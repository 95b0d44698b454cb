"""libnbd starts the server for itself, and waits for its end whenever a handle is closed.

usage: libnbd_spawn.py SERVER IMAGE; prints "fine", or fails with a traceback. IMAGE does not exist yet. What one server
was given and not asked to flush must be in the image when it has ended, because the next one must find it there.
"""

import sys

import nbd

MIB = 1024 * 1024
SIZE = 64 * MIB
server, image = sys.argv[1:]
disk = f"name=disk0,medium=file:{image},size={SIZE},sync=none"
stdio = [server, "--stdio", "--disk", disk]


def piped(handle):
    # A pipe each way, as ssh and socat may give: the server sees neither libnbd's socket.
    handle.connect_command(["sh", "-c", 'cat | "$@" | cat', "sh", *stdio])


def activated(handle):
    handle.connect_systemd_socket_activation([server, "--disk", disk])


def one_socket(handle):
    handle.connect_command(stdio)


def pattern(seed, length):
    """Alike in no two neighbouring blocks."""
    return (bytes((seed * 37 + i * 11) & 0xFF for i in range(251)) * (length // 251 + 1))[:length]


found = None
for round, connect in enumerate([one_socket, piped, activated, one_socket]):
    handle = nbd.NBD()
    connect(handle)
    assert handle.get_size() == SIZE
    assert handle.get_structured_replies_negotiated()
    if found is not None:
        assert handle.pread(len(found), 3) == found, f"round {round}: the last server's end lost what was cached"
    found = pattern(round, 9 * MIB)
    handle.pwrite(found, 3)
    assert handle.pread(len(found), 3) == found
    pending = [handle.aio_pread(nbd.Buffer(MIB), n * MIB) for n in range(32)]
    while pending := [cookie for cookie in pending if not handle.aio_command_completed(cookie)]:
        handle.poll(-1)
    handle.shutdown()
    del handle

# A client that just goes away is a client that is done.
handle = nbd.NBD()
one_socket(handle)
assert handle.pread(len(found), 3) == found
del handle
print("fine")
