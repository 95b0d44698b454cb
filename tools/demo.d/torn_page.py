"""The torn-page story: PostgreSQL's 8 KiB pages on disks that promise 4 KiB at a time, or whole commands."""

import collections
import contextlib
import json
import os
import random
import shutil
import statistics
import tempfile
import time

import host_disk
import postgres
from outcomes import Broken, Inconclusive, Trouble
from pace import patience
from pg_load import SCHEMA, SETTLE, Load, differences
from pg_wire import SqlError
from server import Server

SIZE = "512M"
PAGE_BYTES, BLOCK_BYTES = 8192, 4096

Setting = collections.namedtuple("Setting", "name full_page_writes awupf is_safe")
SETTINGS = [
    Setting("pages-torn", "off", "4K", is_safe=False),
    Setting("whole-commands", "off", "32M", is_safe=True),     # more than any command of the kernel's
    Setting("full-page-writes", "on", "4K", is_safe=True),
]
Round = collections.namedtuple("Round", "outcome sentence pages split longest_bytes")


def missing():
    """What this machine lacks for the story."""
    return host_disk.require() + postgres.require()


class TornPageStory:
    """Round after round, each from the same image: load, cut, recovery, and a look at every page."""

    def __init__(self, options, evidence):
        self._o, self._evidence = options, evidence
        self._folder = tempfile.mkdtemp(prefix="blockemu-torn-page-")
        os.chmod(self._folder, 0o711)      # the database's user passes through
        self._sockets = os.path.join(self._folder, "run")
        os.mkdir(self._sockets, 0o700)
        self._image = os.path.join(self._folder, "image")
        self._extents = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self._folder, ignore_errors=True)

    def tell(self):
        """All settings that were asked for, and the table; raises Broken where one did not come out as promised."""
        settings = [s for s in SETTINGS if not self._o.setting or s.name in self._o.setting]
        print(f"PostgreSQL of {postgres.find_programs()} on ext4, seed {self._o.seed}, loss {self._o.loss}", flush=True)
        results = {}
        for setting in settings:
            print(f"{setting.name}: full_page_writes={setting.full_page_writes}, awupf={setting.awupf}", flush=True)
            results[setting] = self._play(setting)
        self._print_table(results)
        wrong = [sentence for setting, rounds in results.items() for sentence in self._judge(setting, rounds)]
        if wrong:
            raise Broken("; ".join(wrong))
        idle = [s.name for s, rounds in results.items() if self._was_idle(s, rounds)]
        if idle:
            raise Inconclusive(f"in {', '.join(idle)} too few rounds had a page of the table at stake")
        print("AS PROMISED: " + "; ".join(
            f"{s.name}: {self._damaged(rounds)} of {len(rounds)} rounds damaged" for s, rounds in results.items()))

    def _play(self, setting):
        disk = f"size={SIZE},block=512,awupf={setting.awupf},seed={self._o.seed}"
        server = Server(self._o.server, disk, os.path.join(self._evidence, f"{setting.name}.server.log"))
        try:
            if not os.path.exists(self._image):
                self._make_image(server)
            return [self._round(server, setting, number) for number in range(1, self._o.rounds + 1)]
        finally:
            server.stop()

    def _make_image(self, server):
        """initdb, the tables, an orderly end: what every round begins with."""
        started = time.monotonic()
        with self._attach(server) as disk:
            disk.make_file_system()
            disk.mount()
            cluster = self._cluster(disk, "make")
            cluster.make()
            try:
                cluster.start()
                with cluster.connect() as connection:
                    connection.query(SCHEMA)
                    connection.query(SETTLE)
                    (path,), = connection.query("SELECT pg_relation_filepath('account')")
                cluster.stop()
            except (postgres.StartFailed, SqlError) as error:
                raise Trouble(f"the database could not be made: {error}") from None
            finally:
                cluster.kill()
            self._extents = disk.extents(os.path.join(disk.mount_point, "data", path))
            disk.unmount()
        server.shutdown()
        if not server.save("platter", self._image):
            raise Trouble("the platter could not be read")
        server.power_on()
        self._say("image", f"{time.monotonic() - started:.1f} s; the table's file lies in {len(self._extents)} extents")

    # --- one round ---------------------------------------------------------------------------------------------------

    def _round(self, server, setting, number):
        started = time.monotonic()
        server.shutdown()
        server.replace_platter(self._image)
        server.power_on()
        name = f"{setting.name}.round{number}"
        promised, report, stakes = self._write_and_cut(server, setting, number, name)
        server.save("reports/latest", self._path(f"{name}.report.json"))
        server.save("reports/latest/bundle", self._path(f"{name}.bundle"))
        server.power_on()
        outcome, sentence = self._come_back(server, setting, name, promised)
        if outcome == "fine" or not (setting.is_safe or self._o.keep):
            self._forget(name)
        self._say(f"{number:3}", f"{outcome:5} {time.monotonic() - started:5.1f} s  {len(promised)} commits, "
                  f"cut {report['seed']}: {stakes[0]} pages at stake in {report['pendingTotal']} commands; "
                  f"{sentence}".rstrip("; "))
        return Round(outcome, sentence, *stakes)

    def _write_and_cut(self, server, setting, number, name):
        moment = random.Random(f"{self._o.seed}/{setting.name}/{number}")
        commits, delay_s, coins = moment.randint(5, 30), moment.random() * 0.1, moment.getrandbits(53)
        at_stake = moment.randint(4, 32)
        load = None
        with self._attach(server) as disk:
            disk.mount()
            cluster = self._cluster(disk, name)
            try:
                cluster.start(full_page_writes=setting.full_page_writes)
                load = Load(cluster, f"{self._o.seed}/{setting.name}/{number}")
                is_time = load.wait_for(commits, 1, timeout_s=patience(120))
                time.sleep(delay_s)   # so that the cut falls anywhere, not only just behind a commit
                report = server.cut_when_pending(at_stake, load.close, patience(60), loss=self._o.loss, clients="error", seed=coins)
            except postgres.StartFailed as failed:
                raise Trouble(f"the database does not start from its clean image: {failed}") from None
            finally:
                cluster.kill()
                promised, ends = load.join() if load else (None, [])
            if not is_time:
                raise Trouble(f"the load did not get on: {ends[:1]}; the database's log is {self._path(name + '.log')}")
            return promised, report, self._at_stake(server.pending())

    def _come_back(self, server, setting, name, promised):
        """Journal recovery, crash recovery, every row, index and page."""
        with self._attach(server) as disk:
            try:
                disk.mount()
            except Trouble as refused:
                return "other", str(refused)
            cluster = self._cluster(disk, name)
            try:
                cluster.start(full_page_writes=setting.full_page_writes)
                wrong = differences(cluster, promised)
                if wrong:
                    return "other", "; ".join(wrong)
                cluster.stop()
            except (postgres.StartFailed, SqlError) as error:
                return ("torn" if postgres.TORN.search(str(error)) else "other"), str(error)
            finally:
                cluster.kill()
            bad, said = cluster.check_pages()
            if bad:
                return "torn", said.splitlines()[0]
            disk.unmount()
            return "fine", ""

    def _at_stake(self, pending):
        """Of the table's pages in commands that the cut could take: how many came whole in one command, how many halves
        without their other half, and the longest such command's length."""
        whole = halves = longest_bytes = 0
        for command in pending:
            if command["kind"] != "write":
                continue
            first = command["offsetBytes"] // BLOCK_BYTES
            end = first + command["lengthBytes"] // BLOCK_BYTES
            for file_block, disk_block, count in self._extents:
                begin = max(first, disk_block) - disk_block + file_block
                stop = min(end, disk_block + count) - disk_block + file_block
                if begin < stop:
                    halves += begin % 2 + stop % 2
                    whole += stop // 2 - (begin + 1) // 2
                    longest_bytes = max(longest_bytes, command["lengthBytes"])
        return whole, halves, longest_bytes

    # --- what becomes of it ------------------------------------------------------------------------------------------

    @staticmethod
    def _damaged(rounds):
        return sum(r.outcome != "fine" for r in rounds)

    @staticmethod
    def _was_idle(setting, rounds):
        """Whether damage was expected where most cuts could take nothing."""
        return not setting.is_safe and 2 * sum(r.pages + r.split > 0 for r in rounds) <= len(rounds)

    def _judge(self, setting, rounds):
        damaged = self._damaged(rounds)
        if setting.is_safe and damaged:
            return [f"{setting.name}: {damaged} of {len(rounds)} rounds damaged, none was promised"]
        if not setting.is_safe and 2 * damaged <= len(rounds) and not self._was_idle(setting, rounds):
            return [f"{setting.name}: only {damaged} of {len(rounds)} rounds damaged"]
        return []

    def _print_table(self, results):
        print(f"\n{'setting':18}{'full_page_writes':>17}{'awupf':>7}{'rounds':>8}{'fine':>6}{'torn':>6}{'other':>7}"
              f"{'pages at stake':>16}{'split':>7}{'longest':>9}")
        for s, rounds in results.items():
            count = collections.Counter(r.outcome for r in rounds)
            print(f"{s.name:18}{s.full_page_writes:>17}{s.awupf:>7}{len(rounds):>8}{count['fine']:>6}{count['torn']:>6}"
                  f"{count['other']:>7}{statistics.median(r.pages for r in rounds):>16.0f}{sum(r.split for r in rounds):>7}"
                  f"{max(r.longest_bytes for r in rounds) // 1024:>6} KiB")
        print("pages at stake: the table's, in commands that the cut could take (median)\n"
              "split: halves of such pages that came in a command without the other half (all rounds)\n"
              "longest: the longest command with pages of the table\n", flush=True)
        with open(self._path("rounds.json"), "w", encoding="utf-8") as file:
            json.dump({s.name: [r._asdict() for r in rounds] for s, rounds in results.items()}, file, indent=1)

    def _attach(self, server):
        return host_disk.HostDisk(server.nbd_uri, self._folder)

    def _cluster(self, disk, name):
        return postgres.Cluster(postgres.find_programs(), os.path.join(disk.mount_point, "data"), self._sockets,
                                self._path(name + ".log"))

    def _forget(self, name):
        for ending in (".log", ".report.json", ".bundle"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(self._path(name + ending))

    def _path(self, name):
        return os.path.join(self._evidence, name)

    @staticmethod
    def _say(label, text):
        print(f"  {label:10}{text}", flush=True)
