"""A libnbd client that does what it must not, with libnbd's own checks off: each time it gets the error of that case, with
a sentence of the server's that says why, and the session goes on.

usage: libnbd_forbidden.py URI READ_ONLY_URI GRID_URI; prints "fine", or fails with a traceback. GRID_URI's disk takes
nothing off a grid of 4096 bytes (minblock=4096).
"""

import errno
import sys

import nbd

UNKNOWN_FLAG = 0x8000
said = []


def connect(uri):
    handle = nbd.NBD()
    handle.set_debug_callback(lambda _, message: said.append(message))
    handle.set_debug(True)
    # A newer libnbd would send a WRITE without its PAYLOAD_LEN, and the payload behind it, without this one.
    handle.set_strict_mode(getattr(nbd, "STRICT_AUTO_FLAG", 0))
    handle.add_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
    handle.connect_uri(uri)
    return handle


def refused(number, sentence, call):
    said.clear()
    try:
        call()
    except nbd.Error as error:
        assert error.errnum == number, f"{error} instead of {errno.errorcode[number]}"
        assert errno.errorcode[number] in str(error), error
    else:
        raise AssertionError(f"succeeded instead of {errno.errorcode[number]}: {sentence}")
    told = [message for message in said if "server message" in message]
    assert len(told) == 1 and sentence in told[0], told


def goes_on(handle):
    assert handle.pread(4096, 0) == bytes(4096)


def past_the_end(handle):
    size = handle.get_size()
    text = "does not lie inside"
    for offset in (size, size - 256, (1 << 63) - 512, (1 << 63) - 1):
        refused(errno.EINVAL, text, lambda: handle.pread(512, offset))
        refused(errno.ENOSPC, text, lambda: handle.pwrite(bytes(512), offset))
        refused(errno.ENOSPC, text, lambda: handle.zero(512, offset))
        refused(errno.EINVAL, text, lambda: handle.trim(512, offset))
        refused(errno.EINVAL, text, lambda: handle.cache(512, offset))
        refused(errno.EINVAL, text, lambda: handle.block_status(512, offset, lambda *_: 0))
        goes_on(handle)


def bad_flags(handle):
    text = "does not take these flags"
    for call in (
        lambda flag: handle.pread(512, 0, flag),
        lambda flag: handle.pwrite(b"x" * 512, 0, flag),
        lambda flag: handle.flush(flag),
        lambda flag: handle.trim(512, 0, flag),
        lambda flag: handle.cache(512, 0, flag),
        lambda flag: handle.zero(512, 0, flag),
        lambda flag: handle.block_status(512, 0, lambda *_: 0, flag),
    ):
        refused(errno.EINVAL, text, lambda: call(UNKNOWN_FLAG))
    refused(errno.EINVAL, text, lambda: handle.pwrite(b"x" * 512, 0, nbd.CMD_FLAG_NO_HOLE))
    refused(errno.EINVAL, text, lambda: handle.trim(512, 0, nbd.CMD_FLAG_FAST_ZERO))
    refused(errno.EINVAL, text, lambda: handle.zero(512, 0, nbd.CMD_FLAG_REQ_ONE))
    goes_on(handle)


def read_only(handle):
    text = "read-only"
    refused(errno.EPERM, text, lambda: handle.pwrite(b"x" * 512, 0))
    refused(errno.EPERM, text, lambda: handle.pwrite(b"x" * 512, 0, nbd.CMD_FLAG_FUA))
    refused(errno.EPERM, text, lambda: handle.zero(512, 0))
    refused(errno.EPERM, text, lambda: handle.trim(512, 0))
    handle.flush()
    handle.cache(512, 0)
    goes_on(handle)


def off_the_grid(handle):
    assert handle.get_block_size(nbd.SIZE_MINIMUM) == 4096
    text = "minimum block size"
    for length, offset in ((512, 0), (4096, 512), (4097, 0), (1, 4095)):
        refused(errno.EINVAL, text, lambda: handle.pread(length, offset))
        refused(errno.EINVAL, text, lambda: handle.pwrite(b"x" * length, offset))
        refused(errno.EINVAL, text, lambda: handle.zero(length, offset))
        refused(errno.EINVAL, text, lambda: handle.trim(length, offset))
        goes_on(handle)


past_the_end(connect(sys.argv[1]))
bad_flags(connect(sys.argv[1]))
read_only(connect(sys.argv[2]))
off_the_grid(connect(sys.argv[3]))
print("fine")
