"""What the guest was promised by its file system, as far as the host knew before the cut."""

import threading


class Promises:
    """Collects the writer's lines (witness.c). Once closed, lines still count as seen, but no longer as promises."""

    def __init__(self):
        self._lock = threading.Lock()      # guards all below: lines come on a reading thread
        self._changed = threading.Condition(self._lock)
        self._is_open, self._has_ended = False, False
        self._files = set()                # (round, number)
        self._loose = set()                # (round, number): written, not promised
        self._slots = {}                   # (round, slot) -> generation
        self.files = self.overwrites = self.loose = 0   # lines since `start`: promised files, promised overwrites, loose

    def start(self):
        """A guest is about to boot."""
        with self._lock:
            self._is_open, self._has_ended = False, False
            self.files = self.overwrites = self.loose = 0

    def open(self):
        """The guest has begun to write."""
        with self._lock:
            self._is_open = True

    def close(self):
        """From now on nothing is a promise. To be called before the cut is asked for."""
        with self._lock:
            self._is_open = False

    def take(self, line):
        """Notes a line, if it is one of the writer's; None: there will be no more."""
        word, *rest = line.split(" ") if line else [line]
        with self._lock:
            if word in ("file", "loose", "slot"):
                self._note(word, tuple(int(part) for part in rest))
            self._has_ended |= word is None
            self._changed.notify_all()

    def _note(self, word, numbers):
        if not self._is_open:
            # Synced perhaps, but nobody outside knew it in time.
            if word != "slot":
                self._loose.add(numbers)
        elif word == "slot":
            self._slots[numbers[:2]] = numbers[2]
            self.overwrites += numbers[2] > 0   # generation 0 is the slot's creation
        elif word == "file":
            self._files.add(numbers)
            self.files += 1
        else:
            self._loose.add(numbers)
            self.loose += 1

    def wait_for(self, count, timeout_s):
        """Waits for so many lines; False when they did not come, because the guest ended or is silent."""
        with self._lock:
            self._changed.wait_for(lambda: self._has_ended or self._lines() >= count, timeout_s)
            return self._lines() >= count

    def _lines(self):
        return self.files + self.overwrites + self.loose

    def settle(self, round_number, survivors):
        """After a clean unmount: what survived of that round and before is promised from now on, the rest forgotten.
        (The guest may be writing the next round already.)"""
        with self._lock:
            self._files |= survivors
            self._loose = {file for file in self._loose if file[0] > round_number}

    def listing(self):
        """What the guest's verifier reads."""
        with self._lock:
            return "".join(
                [f"file {r} {n}\n" for r, n in sorted(self._files)]
                + [f"loose {r} {n}\n" for r, n in sorted(self._loose)]
                + [f"slot {r} {s} {g}\n" for (r, s), g in sorted(self._slots.items())])
