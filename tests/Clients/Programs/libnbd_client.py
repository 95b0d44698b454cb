"""A libnbd client: one export over several connections, every command, every error the server promises.

usage: libnbd_client.py URI READ_ONLY_URI; prints "fine", or fails with a traceback.
"""

import errno
import sys

import nbd

KIB = 1024
MIB = 1024 * 1024


def connect(uri, strict=True):
    handle = nbd.NBD()
    if not strict:
        # A newer libnbd would send a WRITE without its PAYLOAD_LEN, and the payload behind it, without this one.
        handle.set_strict_mode(getattr(nbd, "STRICT_AUTO_FLAG", 0))
    handle.connect_uri(uri)
    return handle


def pattern(length, salt):
    return bytearray((i * 31 + salt) & 0xFF for i in range(length))


def fails_with(number, call):
    try:
        call()
    except nbd.Error as error:
        assert error.errnum == number, f"{error} instead of {errno.errorcode[number]}"
        return
    raise AssertionError(f"succeeded instead of {errno.errorcode[number]}")


def several_connections(uri):
    """What one connection wrote another one reads; any of them may flush for all."""
    handles = [connect(uri) for _ in range(4)]
    assert all(h.can_multi_conn() for h in handles)
    for i, handle in enumerate(handles):
        handle.pwrite(pattern(64 * KIB, i), i * MIB)
    handles[3].flush()
    for i, handle in enumerate(reversed(handles)):
        assert handle.pread(64 * KIB, i * MIB) == pattern(64 * KIB, i), f"connection {3 - i}"
    for handle in handles:
        handle.shutdown()


def every_command(uri):
    handle = connect(uri)
    data = pattern(3 * 512, 9)
    handle.pwrite(data, 8 * MIB, nbd.CMD_FLAG_FUA)
    handle.pwrite(b"odd", 8 * MIB + 511)
    data[511:514] = b"odd"
    assert handle.pread(len(data), 8 * MIB) == data
    handle.cache(len(data), 8 * MIB)
    handle.trim(512, 8 * MIB, nbd.CMD_FLAG_FUA)
    data[0:512] = bytes(512)
    assert handle.pread(len(data), 8 * MIB) == data
    handle.zero(100, 8 * MIB + 1000, nbd.CMD_FLAG_NO_HOLE | nbd.CMD_FLAG_FUA)
    data[1000:1100] = bytes(100)
    assert handle.pread(len(data), 8 * MIB) == data
    handle.zero(MIB, 8 * MIB, nbd.CMD_FLAG_FAST_ZERO)
    assert handle.pread(MIB, 8 * MIB) == bytes(MIB)
    handle.flush()
    handle.shutdown()


def many_in_flight(uri):
    """Asynchronous commands: each cookie gets its own answer and its own data."""
    handle = connect(uri)
    cookies = [handle.aio_pwrite(nbd.Buffer.from_bytearray(pattern(4 * KIB, i)), 16 * MIB + i * 4 * KIB) for i in range(64)]
    finish(handle, cookies)
    buffers = [nbd.Buffer(4 * KIB) for _ in range(64)]
    cookies = [handle.aio_pread(buffer, 16 * MIB + i * 4 * KIB) for i, buffer in enumerate(buffers)]
    finish(handle, cookies)
    for i, buffer in enumerate(buffers):
        assert buffer.to_bytearray() == pattern(4 * KIB, i), f"block {i}"
    handle.shutdown()


def finish(handle, cookies):
    waiting = set(cookies)
    while waiting:
        handle.poll(-1)
        waiting = {cookie for cookie in waiting if not handle.aio_command_completed(cookie)}


def errors(uri, read_only_uri):
    """Without libnbd's own checks, so that the server judges."""
    handle = connect(uri, strict=False)
    size = handle.get_size()
    fails_with(errno.EINVAL, lambda: handle.pread(512, size))
    fails_with(errno.EINVAL, lambda: handle.pread(1024, size - 512))
    fails_with(errno.ENOSPC, lambda: handle.pwrite(bytes(512), size))
    fails_with(errno.ENOSPC, lambda: handle.pwrite(bytes(1024), size - 512))
    fails_with(errno.ENOSPC, lambda: handle.zero(1024, size - 512))
    fails_with(errno.EINVAL, lambda: handle.trim(1024, size - 512))
    handle.pwrite(b"still here", 0)
    assert handle.pread(10, 0) == b"still here"
    handle.shutdown()

    read_only = connect(read_only_uri, strict=False)
    assert read_only.is_read_only()
    fails_with(errno.EPERM, lambda: read_only.pwrite(bytes(512), 0))
    fails_with(errno.EPERM, lambda: read_only.zero(512, 0))
    fails_with(errno.EPERM, lambda: read_only.trim(512, 0))
    assert read_only.pread(512, 0) == bytes(512)
    read_only.shutdown()


several_connections(sys.argv[1])
every_command(sys.argv[1])
many_in_flight(sys.argv[1])
errors(sys.argv[1], sys.argv[2])
print("fine")
