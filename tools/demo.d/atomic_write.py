"""The atomic-write story: RWF_ATOMIC on a real kernel over NVMe/TCP, the power cut under it, and every block looked at."""

import collections
import json
import os
import random
import threading
import time

from outcomes import Broken, Inconclusive, Trouble
from pace import patience
from server import Server, nqn
from vm import TOOLS, Guest

SILENCE_S = patience(60)       # longer than any step of the guest
STAKE_LIMIT_S = patience(10)   # until every disk has as much unflushed as the seed says; without that the cut falls all the same
ATTEMPTS = 3         # a guest that dies by itself (emulation) is booted again

# `kind`: a device as it is, or the file system on it. `awupf`: the disk's unit. `unit_max`: what statx has to tell. `is_plain`:
# without RWF_ATOMIC, and larger than the unit: must tear.
Target = collections.namedtuple("Target", "name kind awupf unit_max slot_bytes slots is_plain what kernels")
TARGETS = [
    Target("raw", "raw", "16K", 16384, 16384, 512, False, "the device, RWF_ATOMIC", ("stable", "newest")),
    Target("xfs", "xfs", "16K", 2097152, 16384, 512, False, "a file on XFS, RWF_ATOMIC", ("newest",)),
    Target("ext4", "ext4", "16K", 16384, 16384, 512, False, "a file on ext4 (bigalloc), RWF_ATOMIC", ("newest",)),
    Target("xfs-cow", "xfs", "512", 2097152, 16384, 512, False, "a file on XFS, RWF_ATOMIC by its own copy on write", ("newest",)),
    Target("plain", "raw", "4K", 4096, 65536, 128, True, "the device, plain writes beyond the unit", ("stable", "newest")),
]
Cut = collections.namedtuple("Cut", "at_stake kept lost torn torn_slots")


class Book:
    """The writers' lines. Once closed, a line no longer counts as a promise."""

    def __init__(self):
        self._changed = threading.Condition()   # guards all below: lines come on a reading thread
        self._kept = []
        self.start()

    def start(self):
        """A guest is about to boot."""
        with self._changed:
            self._is_open, self._has_ended, self._began, self._new_lines = False, False, set(), 0

    def open(self):
        """The guest has begun to write."""
        with self._changed:
            self._is_open = True

    def close(self):
        with self._changed:
            self._is_open = False

    def take(self, line):
        """Notes a line, if it is one of the writers'; None: there will be no more."""
        word, _, rest = (line or "").partition(" ")
        with self._changed:
            self._has_ended |= line is None
            if self._is_open and word == "began":
                self._began.add(rest)
            elif self._is_open and word == "kept":
                self._kept.append(line)
                self._new_lines += 1
            self._changed.notify_all()

    def wait_for(self, names, lines):
        """Until each of them writes and so many promises have come; False when they do not come."""
        with self._changed:
            def is_time():
                return self._began >= names and self._new_lines >= lines
            self._changed.wait_for(lambda: self._has_ended or is_time(), SILENCE_S)
            return is_time()

    def listing(self):
        with self._changed:
            return "".join(line + "\n" for line in self._kept)


class AtomicWriteStory:
    """One server with a disk for each target, all written at the same time, and boot after boot of the guest."""

    def __init__(self, options, evidence):
        self._o, self._evidence = options, evidence
        self._targets = [t for t in TARGETS if options.kernel in t.kernels and (not options.target or t.name in options.target)]
        if not self._targets:
            raise Trouble(f"the {options.kernel} kernel has none of these targets")
        self._book, self._guest, self._wrong_limits = Book(), None, set()
        self._cuts = {target: [] for target in self._targets}
        disks = {t.name: f"size=512M,awupf={t.awupf},seed={options.seed}" for t in self._targets}
        self._server = Server(options.server, disks, self._path("server.log"))
        with open(os.path.join(TOOLS, "demo.d", "atomic-write.sh"), encoding="utf-8") as script:
            self._script = script.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._guest is not None:
            self._guest.kill()
        self._server.stop()

    def tell(self):
        """All cuts, and the table; raises Broken where something came out that was not promised."""
        print(f"{self._o.kernel} kernel, {', '.join(t.name for t in self._targets)}, seed {self._o.seed}, loss {self._o.loss}\n"
              f"{self._server.command}", flush=True)
        self._boot(format=1, round=1)
        for number in range(1, self._o.rounds + 1):
            started = time.monotonic()
            reports = self._write_and_cut(number)
            self._come_back(number, reports)
            self._say(number, f"{time.monotonic() - started:.1f} s; torn: " + ", ".join(
                f"{t.name} {self._cuts[t][-1].torn_slots} ({self._cuts[t][-1].at_stake} commands at stake)" for t in self._targets))
        self._guest.wait()
        self._guest = None
        self._print_table()
        unseen = [t.name for t in self._targets if t.is_plain and not any(c.torn_slots for c in self._cuts[t])]
        if unseen:
            text = f"no torn slot in {', '.join(unseen)}, where there had to be some: the story would not notice one"
            idle = [t for t in self._targets if t.name in unseen and not any(c.at_stake for c in self._cuts[t])]
            raise Inconclusive(f"{text}; no command was at stake there") if idle else Broken(text)
        print("AS PROMISED: " + "; ".join(
            f"{t.name}: {sum(c.torn_slots for c in cuts)} torn" for t, cuts in self._cuts.items()))

    # --- one cut -----------------------------------------------------------------------------------------------------

    def _write_and_cut(self, number):
        """Lets all of them write until the seed's moment; then the VM and every disk lose their power."""
        moment = random.Random(f"{self._o.seed}/{number}")
        lines, delay_s = moment.randint(1, 3) * sum(not t.is_plain for t in self._targets), moment.random() * 0.1
        at_stake = moment.randint(4, 32)
        while not self._book.wait_for({t.name for t in self._targets}, lines):
            self._go_on_after_early_end(number)
        if self._wrong_limits:
            raise Broken("the kernel shows other limits: " + "; ".join(sorted(self._wrong_limits)))
        time.sleep(delay_s)   # so that the cut falls anywhere, not only just behind a line
        self._server.wait_for_pending([t.name for t in self._targets], at_stake, STAKE_LIMIT_S)

        self._book.close()
        reports = self._cut_all()
        self._guest.kill()
        self._guest = None
        for target, report in zip(self._targets, reports):
            self._server.save("reports/latest/bundle", self._path(f"cut{number}.{target.name}.bundle"), target.name)
            self._write_json(f"cut{number}.{target.name}.report.json", report)
            self._server.power_on(target.name)
        return reports

    def _cut_all(self):
        """All disks at once. A guest that was killed has forgotten everything: nobody has to be refused later."""
        reports = [None] * len(self._targets)

        def cut(index):
            reports[index] = self._server.cut(self._o.loss, "reconnect", self._targets[index].name)
        threads = [threading.Thread(target=cut, args=(i,)) for i in range(len(reports))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if None in reports:
            raise Trouble("a disk's power could not be cut")
        return reports

    def _come_back(self, number, reports):
        """Boots, recovers, looks at every block; the same boot then writes for the next cut."""
        for attempt in range(1, ATTEMPTS + 1):
            self._boot(verify=number, round=number + 1 if number < self._o.rounds else "")
            facts = self._collect()
            if facts is not None:
                break
            self._guest.wait()
            self._say(number, f"the VM died by itself, attempt {attempt}")
        else:
            raise Trouble("the VM died three times")
        if facts["problem"] or facts["damaged"] or facts["complaint"]:
            self._print_evidence(facts)
            raise Broken(facts["problem"] or (facts["damaged"] + facts["complaint"])[0])
        for target, report in zip(self._targets, reports):
            found = facts["totals"][target.name]
            self._cuts[target].append(Cut(
                report["pendingTotal"], *(report["commands" + what] for what in ("Kept", "Lost", "Torn")),
                found["torn"]))
            if found["torn"] and not target.is_plain:
                self._print_evidence(facts)
                raise Broken(f"{target.name}: {found['torn']} torn slots, where none was allowed")
            if not self._o.keep:
                self._forget(number, target)

    def _collect(self):
        """Reads the guest's answers; None when it is gone before it has verified."""
        facts = collections.defaultdict(list, totals={}, problem=None)
        while (line := self._guest.next_line(SILENCE_S, "the verification's next answer")) is not None:
            word, _, rest = line.partition(" ")
            if word == "verified":
                return facts
            if word == "problem":
                facts["problem"] = rest
                return facts
            if word == "totals":
                name, *counts = rest.split()
                facts["totals"][name] = {key: int(value) for key, value in (c.split("=") for c in counts)}
            elif word in ("kernel", "torn", "damaged", "complaint"):
                facts[word].append(rest)
        return None

    def _go_on_after_early_end(self, number):
        """The guest has ended before its time: a writer's trouble, or the emulation's. Then it boots again."""
        while (line := self._guest.next_line(SILENCE_S, "more writes, or the guest's end")) is not None:
            if line.startswith("problem "):
                raise Broken(line)
        self._guest.wait()
        self._say(number, "the VM died by itself while it was writing")
        self._boot(format=1 if number == 1 else "", round=number)

    # --- the guest ---------------------------------------------------------------------------------------------------

    def _boot(self, **variables):
        listing = self._path("promises")
        with open(listing, "w", encoding="ascii") as file:
            file.write(self._book.listing())
        targets = "\n".join(
            f"{t.name} {t.kind} {t.slot_bytes} {t.slots} {nqn(t.name)}{' plain' if t.is_plain else ''}" for t in self._targets)
        values = {"format": "", "verify": "", "round": "", "seed": self._o.seed, "port": self._server.nvme_port, **variables}
        head = "".join(f"{name}={value}\n" for name, value in values.items()) + f"targets='{targets}'\n"
        base = self._path(f"guest-before-cut{values['round']}" if values["round"] else "guest-last")
        self._book.start()
        self._guest = Guest(self._o.kernel, head + self._script, [listing], base, self._on_line)

    def _on_line(self, line):
        if line and line.startswith("writing "):
            self._book.open()
        if line and line.startswith("limits "):
            self._note_limits(*line.split()[1:])
        self._book.take(line)

    def _note_limits(self, name, *words):
        """statx has to tell what the disk promises, or else it is not tested."""
        target = next(t for t in self._targets if t.name == name)
        self._wrong_limits |= {f"{name}: {' '.join(words)}"} if words[3] != str(target.unit_max) else set()

    # --- what becomes of it ------------------------------------------------------------------------------------------

    def _print_table(self):
        print(f"\n{'target':9}{'unit':>6}{'write':>7}{'cuts':>6}{'at stake':>10}{'kept':>7}{'lost':>7}{'torn':>7}"
              f"{'torn slots':>12}{'cuts with':>11}")
        for t, cuts in self._cuts.items():
            print(f"{t.name:9}{t.awupf:>6}{t.slot_bytes // 1024:>6}K{len(cuts):>6}{sum(c.at_stake for c in cuts):>10}"
                  f"{sum(c.kept for c in cuts):>7}{sum(c.lost for c in cuts):>7}{sum(c.torn for c in cuts):>7}"
                  f"{sum(c.torn_slots for c in cuts):>12}{sum(c.torn_slots > 0 for c in cuts):>11}")
        print("at stake, kept, lost, torn: commands that the cuts could take, and what became of them (the disk's reports)\n"
              "torn slots, cuts with: what the guest found in the blocks afterwards\n"
              + "\n".join(f"{t.name}: {t.what}" for t in self._targets) + "\n", flush=True)
        self._write_json("cuts.json", {t.name: [c._asdict() for c in cuts] for t, cuts in self._cuts.items()})

    def _print_evidence(self, facts, limit=20):
        lines = [line for word in ("kernel", "complaint", "damaged", "torn") for line in facts[word]]
        for line in lines[:limit]:
            print(f"  {line}")
        with open(self._path("broken.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def _forget(self, number, target):
        for ending in ("report.json", "bundle"):
            path = self._path(f"cut{number}.{target.name}.{ending}")
            if os.path.exists(path):
                os.remove(path)

    def _write_json(self, name, content):
        with open(self._path(name), "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)

    def _path(self, name):
        return os.path.join(self._evidence, name)

    @staticmethod
    def _say(number, text):
        print(f"  {number:3}  {text}", flush=True)
