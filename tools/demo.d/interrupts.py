"""Ctrl-C and SIGTERM at moments when they do no harm: never between making something and noting that it must be ended,
and never in the middle of ending it."""

import contextlib
import signal

_holders = 0
_is_waiting = False


def install():
    """Makes SIGINT, SIGTERM and SIGHUP a KeyboardInterrupt, once; further ones change nothing, as everything is ending."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _on_signal)


@contextlib.contextmanager
def held():
    """Inside it (on the main thread) an interrupt waits, and comes at the end."""
    global _holders
    _holders += 1
    try:
        yield
    finally:
        _holders -= 1
        if _is_waiting:
            _raise_unless_held()


def _on_signal(_number, _frame):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _raise_unless_held()


def _raise_unless_held():
    global _is_waiting
    _is_waiting = _holders > 0
    if not _is_waiting:
        raise KeyboardInterrupt
