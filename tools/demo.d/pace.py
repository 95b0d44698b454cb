"""Time limits that follow the machine: written for a quiet one, and stretched by what tools/pace measures on this one."""

import functools
import os
import subprocess

from vm import TOOLS


@functools.lru_cache(maxsize=1)
def factor():
    """How many times as long things take here (BLOCKEMU_PATIENCE, or measured once)."""
    given = os.environ.get("BLOCKEMU_PATIENCE", "")
    if not given.isdigit() or int(given) < 1:
        given = subprocess.run([os.path.join(TOOLS, "pace")], check=True, capture_output=True, text=True).stdout
        os.environ["BLOCKEMU_PATIENCE"] = given.strip()   # for the programs that are started from here
    return int(given)


def patience(quiet_s):
    """The limit of a wait that is this long, in seconds, on a quiet machine."""
    return quiet_s * factor()
