"""The load on the database, the book of what it was promised, and the comparison after a crash."""

import random
import threading

from pace import patience
from pg_wire import SqlError

ROWS, CLIENTS = 60_000, 2
ROWS_PER_COMMIT = 300   # each commit flushes the disk, and with nothing unflushed nothing is at stake

SCHEMA = f"""
CREATE EXTENSION amcheck;
CREATE TABLE account (id int PRIMARY KEY, hits int NOT NULL, filler text NOT NULL) WITH (fillfactor = 70);
INSERT INTO account SELECT i, 0, repeat(md5(i::text), 6) FROM generate_series(0, {ROWS - 1}) i;
CREATE TABLE promised (client int, number int, PRIMARY KEY (client, number));
"""
# Statistics, and the rows' hint bits. No VACUUM: it would make a visibility map, whose pages PostgreSQL 15 changes without
# logging them: a cut tears them even with full_page_writes=on (docs/kernel.md, "Torn pages").
SETTLE = "ANALYZE; SELECT count(*) FROM account"


class Load:
    """Clients that update random rows, and one that has checkpoints written without a pause, each on its own thread."""

    def __init__(self, cluster, seed):
        self._cluster = cluster
        self._lock = threading.Lock()      # guards all below
        self._changed = threading.Condition(self._lock)
        self._promised, self._is_open, self._ends = set(), True, []
        self.checkpoints = 0
        self._threads = [threading.Thread(target=self._run, args=(self._update, client, random.Random(f"{seed}/{client}")))
                         for client in range(CLIENTS)]
        self._threads.append(threading.Thread(target=self._run, args=(self._checkpoint,)))
        for thread in self._threads:
            thread.start()

    def wait_for(self, commits, checkpoints, timeout_s):
        """Waits for so many acknowledged commits and finished checkpoints; says whether they came."""
        with self._lock:
            self._changed.wait_for(lambda: self._ends or self._has(commits, checkpoints), timeout_s)
            return not self._ends and self._has(commits, checkpoints)

    def close(self):
        """What was acknowledged by now is promised: to be called before the cut is asked for. Later commits are nobody's."""
        with self._lock:
            self._is_open = False

    def join(self):
        """Once the database is gone, all threads end: (the commits that are promised, what the threads ended of)."""
        for thread in self._threads:
            thread.join(timeout=patience(150))
        return frozenset(self._promised), self._ends

    def _has(self, commits, checkpoints):
        return len(self._promised) >= commits and self.checkpoints >= checkpoints

    def _run(self, work, *arguments):
        try:
            with self._cluster.connect() as connection:
                work(connection, *arguments)
        except (OSError, SqlError) as error:
            with self._lock:
                self._ends.append(str(error))
                self._changed.notify_all()

    def _update(self, connection, client, chance):
        number = 0
        while self._is_open:
            number += 1
            # Rows of its own, so that clients never wait for each other; pages are everybody's.
            rows = ",".join(str(row * CLIENTS + client) for row in chance.sample(range(ROWS // CLIENTS), ROWS_PER_COMMIT))
            connection.query(f"BEGIN; UPDATE account SET hits = hits + 1 WHERE id IN ({rows});"
                             f"INSERT INTO promised VALUES ({client}, {number}); COMMIT")
            with self._lock:
                if self._is_open:
                    self._promised.add((client, number))
                    self._changed.notify_all()

    def _checkpoint(self, connection):
        while self._is_open:
            connection.query("CHECKPOINT")
            with self._lock:
                self.checkpoints += 1
                self._changed.notify_all()


def differences(cluster, promised):
    """Reads all of the recovered tables and compares; sentences about what is wrong. A page that can't be read is a
    SqlError."""
    with cluster.connect() as connection:
        (rows, hits), = connection.query("SELECT count(*), coalesce(sum(hits), 0) FROM account")
        there = {(int(client), int(number)) for client, number in connection.query("SELECT client, number FROM promised")}
        wrong = []
        if promised - there:
            wrong.append(f"{len(promised - there)} of {len(promised)} acknowledged commits are missing")
        if (int(rows), int(hits)) != (ROWS, len(there) * ROWS_PER_COMMIT):
            wrong.append(f"{rows} rows with {hits} hits where {len(there)} commits make {ROWS} with "
                         f"{len(there) * ROWS_PER_COMMIT}")
        for table in ("account", "promised"):
            wrong += [f"{table}: {message}" for message, in connection.query(f"SELECT msg FROM verify_heapam('{table}')")]
        try:
            connection.query("SELECT bt_index_check(i.indexrelid, true) FROM pg_index i "
                             "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam "
                             "WHERE a.amname = 'btree' AND i.indisvalid")
        except SqlError as error:
            if error.code != "XX002":   # index_corrupted; a page that can't be read is XX001
                raise
            wrong.append(str(error))
        return wrong
