"""The demo's story: rounds of writing, a power cut, recovery and verification."""

import collections
import os
import random
import re
import time

from outcomes import Broken, Inconclusive, Trouble
from pace import patience
from promises import Promises
from server import Server, nqn
from vm import TOOLS, Guest

SILENCE_S = patience(60)   # longer than any step of the guest
ATTEMPTS = 3      # a guest that dies by itself (emulation) is booted again
REPLAY = re.compile("recover|replay", re.IGNORECASE)
RECOVERED = {     # the kernel's words for a replayed log; btrfs has none to replay where no fsync came after its last commit
    "ext4": "recovery complete",
    "xfs": "Ending recovery",
    "btrfs": None,
}


class Story:
    """One run: a server, and boot after boot of the guest."""

    def __init__(self, options, witness, evidence):
        self._o, self._witness, self._evidence = options, witness, evidence
        self._promises = Promises()
        self._guest = None
        self._totals = collections.Counter()
        size_mib = max(1024, 256 + 64 * options.rounds)
        disk = f"size={size_mib}M,block={options.block},seed={options.seed}"
        disk += "," + options.disk if options.disk else ""
        self._title = f"{options.fs} on a disk of {size_mib} MiB over {options.front_end}, seed {options.seed}, loss {options.loss}"
        if options.liar:
            self._title += ", behind a proxy that lies about flush"
        self._server = Server(options.server, disk, self._path("server.log"), options.liar)
        with open(os.path.join(TOOLS, "demo.d", "phase.sh"), encoding="utf-8") as script:
            self._script = script.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._guest is not None:
            self._guest.kill()
        self._server.stop()

    def tell(self):
        """All rounds; raises Broken at the first broken promise."""
        self._say("disk", f"{self._title}\n{'':12}{self._server.command}")
        for number in range(1, self._o.rounds + 1):
            print(f"round {number} of {self._o.rounds}", flush=True)
            started = time.monotonic()
            if number == 1:
                self._make()
            self._write_and_cut(number)
            self._come_back(number)
            self._say("time", f"{time.monotonic() - started:.1f} s")
        self._guest.wait()
        self._guest = None
        t = self._totals
        if not t["files"] + t["slots"]:
            raise Inconclusive("no file was promised before any of the cuts")
        print(f"KEPT: all {t['files']} promised files ({t['bytes'] / 1e6:.1f} MB) and {t['slots']} slots, through "
              f"{self._o.rounds} power cut{'s' if self._o.rounds > 1 else ''}; of {t['loose']} files nobody had synced, "
              f"{t['whole']} survived whole, {t['incomplete']} in part, {t['missing']} not at all")

    # --- one round ---------------------------------------------------------------------------------------------------

    def _make(self):
        """The first boot: a new file system."""
        for attempt in range(1, ATTEMPTS + 1):
            self._boot(format=1, round=1)
            if self._says("formatted"):
                return
            self._guest.wait()
            self._say("boot", f"the VM died by itself, attempt {attempt}")
        raise Trouble("the VM died three times")

    def _write_and_cut(self, number):
        """Lets the guest write until the seed's moment."""
        moment = random.Random(f"{self._o.seed}/{number}")
        wanted, delay_s = moment.randint(100, 500), moment.random() * 0.05
        if not self._says("writing") or not self._promises.wait_for(wanted, SILENCE_S):
            self._explain_early_end()
        time.sleep(delay_s)   # so that the cut falls anywhere, not only just behind a line

        self._promises.close()
        # Over NVMe a host that has not seen the power fail is refused once; a guest that was killed has forgotten all.
        report = self._server.cut(self._o.loss, "hang" if self._o.front_end == "nbd" else "reconnect")
        self._guest.kill()
        self._guest = None
        p = self._promises
        self._say("wrote", f"{p.files} files and {p.overwrites} overwrites promised, {p.loose} files not, when the power went")
        self._say("cut", f"seed {report['seed']}: of {self._sum(report)} unflushed commands {report['commandsKept']} kept, "
                         f"{report['commandsLost']} lost, {report['commandsTorn']} torn, "
                         f"{report['commandsSuperseded']} superseded; the VM is killed")
        self._server.save("reports/latest", self._path(f"round{number}.report.json"))
        self._server.save("reports/latest/bundle", self._path(f"round{number}.bundle"))
        self._server.power_on()

    @staticmethod
    def _sum(report):
        return sum(report["commands" + outcome] for outcome in ("Kept", "Lost", "Torn", "Superseded"))

    def _come_back(self, number):
        """Boots, recovers, verifies; the same boot then writes the next round."""
        next_round = number + 1 if number < self._o.rounds else ""
        for attempt in range(1, ATTEMPTS + 1):
            self._boot(verify=number, round=next_round)
            facts = self._collect_verification()
            if facts is not None:
                break
            self._guest.wait()
            self._say("boot", f"the VM died by itself, attempt {attempt}")
        else:
            raise Trouble("the VM died three times")
        self._judge_recovery(facts, was_first_mount=attempt == 1)
        self._judge_files(facts)
        self._judge_check(facts)
        self._promises.settle(number, facts["survivors"])
        if not self._o.keep:
            self._forget(number)

    def _collect_verification(self):
        """Reads the guest's answers up to the check's; None when the guest is gone before."""
        facts = {"kernel": [], "damaged": [], "complaint": [], "survivors": set(), "problem": None}
        while True:
            line = self._guest.next_line(SILENCE_S, "the verification's next answer")
            if line is None:
                return facts if facts["problem"] else None
            word, _, rest = line.partition(" ")
            if word in ("kernel", "damaged", "complaint"):
                facts[word].append(rest)
            elif word == "survived":
                facts["survivors"].add(tuple(int(n) for n in rest.split()))
            elif word in ("problem", "totals"):
                facts[word] = rest
            elif word == "fsck":
                facts["fsck"] = int(rest)
                return facts

    def _judge_recovery(self, facts, was_first_mount):
        for line in facts["kernel"]:
            if facts["problem"] or REPLAY.search(line):
                self._say("kernel", line)
        if facts["problem"]:
            self._print_evidence(facts)
            raise Broken(f"after the cut: {facts['problem']}")
        wanted = RECOVERED[self._o.fs]
        if wanted and was_first_mount and not any(wanted in line for line in facts["kernel"]):
            raise Broken(f"the kernel did not recover the log: it never said \"{wanted}\"")

    def _judge_files(self, facts):
        totals = dict(part.split("=") for part in facts["totals"].split())
        totals = {name: int(value) for name, value in totals.items()}
        loose = totals["whole"] + totals["incomplete"] + totals["missing"]
        if totals["damaged"] or facts["damaged"]:
            self._print_evidence(facts)
            raise Broken(f"{totals['damaged']} damaged, of {totals['files']} promised files and {totals['slots']} slots")
        self._say("verified", f"all {totals['files']} promised files, every byte of {totals['bytes'] / 1e6:.1f} MB; "
                              f"all {totals['slots']} slots whole and new enough")
        self._say("loose", f"of {loose} files without fsync {totals['whole']} survived whole, "
                           f"{totals['incomplete']} in part, {totals['missing']} not at all")
        for name in ("files", "bytes", "slots"):
            self._totals[name] = totals[name]   # each verification covers all rounds so far
        for name in ("whole", "incomplete", "missing"):
            self._totals[name] += totals[name]
        self._totals["loose"] += loose

    def _judge_check(self, facts):
        if facts["fsck"] != 0:
            self._print_evidence(facts)
            raise Broken(f"the file system's check ended with {facts['fsck']}")
        name = {"ext4": "e2fsck -fn", "xfs": "xfs_repair -n", "btrfs": "btrfs check --readonly"}[self._o.fs]
        self._say("check", f"{name}: clean")

    # --- the guest ---------------------------------------------------------------------------------------------------

    def _boot(self, **variables):
        """Starts the guest with phase.sh; `format`, `verify` and `round` say what it is to do."""
        listing = self._path("promises")
        with open(listing, "w", encoding="ascii") as file:
            file.write(self._promises.listing())
        values = {"format": "", "verify": "", "round": "", "fs": self._o.fs, "seed": self._o.seed, "block": self._o.block,
                  "front_end": self._o.front_end, "nqn": nqn("disk0"),
                  "port": self._server.guest_port if self._o.front_end == "nbd" else self._server.nvme_port, **variables}
        head = "".join(f"{name}={value}\n" for name, value in values.items())
        self._promises.start()
        base = self._path(f"guest-before-round{values['round']}" if values["round"] else "guest-last")
        self._guest = Guest(self._o.kernel, head + self._script, [self._witness, listing], base, self._on_line)

    def _on_line(self, line):
        if self._o.verbose and line and not line.startswith(("file ", "loose ", "slot ", "survived ")):
            self._say("guest", line)
        if line and line.startswith("writing "):
            self._promises.open()
        self._promises.take(line)

    def _says(self, word):
        """Reads on until a line with that word; False when the guest is gone before."""
        while (line := self._guest.next_line(SILENCE_S, f"the line \"{word}\"")) is not None:
            if line.startswith("problem "):
                raise Trouble(line)
            if line.split(" ")[0] == word:
                return True
        return False

    def _explain_early_end(self):
        """The writer reports trouble: the disk's fault, as its power is on. A VM that is simply gone is emulation's."""
        lines = []
        while (line := self._guest.next_line(SILENCE_S, "more files, or the guest's end")) is not None:
            lines.append(line)
        if any(line.startswith("problem ") for line in lines):
            raise Broken("\n  ".join(line for line in lines if line.startswith(("kernel ", "problem "))))
        self._say("boot", "the VM died by itself while it was writing; the disk's power goes now")

    # --- what is printed ---------------------------------------------------------------------------------------------

    def _print_evidence(self, facts, limit=20):
        lines = facts["damaged"] + facts["complaint"]
        for line in lines[:limit]:
            self._say("evidence", line)
        if len(lines) > limit:
            self._say("evidence", f"and {len(lines) - limit} lines more, in the evidence folder")
        with open(self._path("broken.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(facts["kernel"] + lines) + "\n")

    def _forget(self, number):
        """A round that ended well needs no evidence; a bundle may be large."""
        for name in ("report.json", "bundle"):
            path = self._path(f"round{number}.{name}")
            if os.path.exists(path):
                os.remove(path)

    def _path(self, name):
        return os.path.join(self._evidence, name)

    @staticmethod
    def _say(label, text):
        print(f"  {label:10}{text}", flush=True)
