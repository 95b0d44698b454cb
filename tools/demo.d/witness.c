/* The demo's program in the guest. It writes files whose bytes follow from (seed, round, number) alone, says which of
 * them the file system has promised to keep, and checks them after a power cut.
 *
 *   witness write DIRECTORY SEED ROUND     writes until it is killed; prints, each line at once:
 *     file ROUND NUMBER        a promise: its data and its name are synced (fsync, or O_DSYNC; then fsync of the directory)
 *     loose ROUND NUMBER       written and closed, nothing synced
 *     slot ROUND SLOT GENERATION    a promise: this overwrite in place was O_DSYNC and has returned
 *
 *   witness verify DIRECTORY SEED ROUND < LIST   LIST: what of those lines had arrived before the cut; prints
 *     damaged PATH: ...        a promise that was not kept, with offset, expected and found bytes
 *     survived ROUND NUMBER    no promise, but all there
 *     totals NAME=COUNT...     promises of all rounds; files without one (whole, incomplete, missing) of ROUND only
 *
 * A slot is 4 KiB of one file, overwritten in place with O_DIRECT: on a disk whose atomic write unit is 4 KiB or more it
 * must hold one whole generation, the promised one or a newer. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SLOTS = 32, SLOT_BYTES = 4096,
    SLOT_STRIDE = 2 * SLOT_BYTES,   /* a gap between slots, so that the kernel can't merge two into one larger write */
    CYCLE = 48, MIXED = 12,         /* of so many files the first are of all kinds; then nobody syncs for a while */
    DIRECTORIES = 8, CHUNK_BYTES = 65536, MAX_FILES = 1 << 16, MAX_ROUNDS = 1 << 10,
};

static uint64_t seed;
static const char *top;
static _Alignas(4096) unsigned char expected[CHUNK_BYTES], found[CHUNK_BYTES];

/* SplitMix64: `state` moves on, the answer is well mixed. */
static uint64_t next(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static uint64_t stream(uint64_t a, uint64_t b, uint64_t c) {
    uint64_t s = seed, x = next(&s) ^ a;
    x = next(&x) ^ b;
    x = next(&x) ^ c;
    return next(&x);
}

static void fill(unsigned char *to, size_t bytes, uint64_t *state) {   /* bytes: a multiple of 8 */
    for (size_t i = 0; i < bytes; i += 8) { uint64_t word = next(state); memcpy(to + i, &word, 8); }
}

static void fail(const char *what, const char *path) {
    fprintf(stderr, "witness: %s %s: %s\n", what, path, strerror(errno));
    exit(3);
}

static void sync_directory(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0 || fsync(fd) < 0) fail("fsync of directory", path);
    close(fd);
}

/* --- what file NUMBER of a round is ------------------------------------------------------------------------------- */

enum how { LOOSE, LOOSE_PUSHED, FSYNC, RENAME, DSYNC };
struct plan { enum how how; size_t bytes; uint64_t content; char directory[256], path[300]; };

static struct plan plan_of(unsigned round, unsigned number) {
    struct plan p;
    uint64_t s = stream(round, number, 1);
    unsigned kind = next(&s) % 100, size = next(&s) % 100;
    if (number % CYCLE >= MIXED) kind %= 60;
    p.how = kind < 30 ? LOOSE : kind < 60 ? LOOSE_PUSHED : kind < 80 ? FSYNC : kind < 90 ? RENAME : DSYNC;
    p.bytes = 1 + next(&s) % (size < 40 ? 4096 : size < 75 ? 65536 : size < 95 ? 262144 : 1048576);
    p.content = stream(round, number, 2);
    snprintf(p.directory, sizeof p.directory, "%s/round%u/%u", top, round, number % DIRECTORIES);
    snprintf(p.path, sizeof p.path, "%s/%u", p.directory, number);
    return p;
}

static void slot_content(unsigned char *to, unsigned round, unsigned slot, uint64_t generation) {
    uint64_t s = stream(round, slot, generation + 3);
    fill(to, SLOT_BYTES, &s);
    memcpy(to, &generation, 8);
}

static void slots_path(char *to, size_t size, unsigned round) { snprintf(to, size, "%s/round%u/slots", top, round); }

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void write_file(unsigned round, unsigned number) {
    struct plan p = plan_of(round, number);
    char temporary[320];
    snprintf(temporary, sizeof temporary, "%s%s", p.path, p.how == RENAME ? ".new" : "");
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | (p.how == DSYNC ? O_DSYNC : 0), 0644);
    if (fd < 0) fail("creating", temporary);
    uint64_t s = p.content;
    for (size_t at = 0; at < p.bytes; at += CHUNK_BYTES) {
        size_t part = p.bytes - at < CHUNK_BYTES ? p.bytes - at : CHUNK_BYTES;
        fill(expected, CHUNK_BYTES, &s);
        if (write(fd, expected, part) != (ssize_t)part) fail("writing", temporary);
    }
    if ((p.how == FSYNC || p.how == RENAME) && fsync(fd) < 0) fail("fsync", temporary);
    /* Into the disk's cache, without a flush behind it: what a power cut takes most easily. */
    if (p.how == LOOSE_PUSHED && sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE) < 0) fail("sync_file_range", temporary);
    close(fd);
    if (p.how == RENAME && rename(temporary, p.path) < 0) fail("renaming", temporary);
    int is_promise = p.how >= FSYNC;
    if (is_promise) sync_directory(p.directory);
    printf("%s %u %u\n", is_promise ? "file" : "loose", round, number);
}

static void write_round(unsigned round) {
    char path[300];
    snprintf(path, sizeof path, "%s/round%u", top, round);
    if (mkdir(path, 0755) < 0) fail("making", path);
    for (unsigned d = 0; d < DIRECTORIES; d++) {
        snprintf(path, sizeof path, "%s/round%u/%u", top, round, d);
        if (mkdir(path, 0755) < 0) fail("making", path);
    }
    slots_path(path, sizeof path, round);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0644);
    if (fd < 0) fail("creating", path);
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        memset(found, 0, SLOT_STRIDE);
        slot_content(found, round, slot, 0);
        if (pwrite(fd, found, SLOT_STRIDE, (off_t)slot * SLOT_STRIDE) != SLOT_STRIDE) fail("writing", path);
    }
    if (fsync(fd) < 0) fail("fsync", path);
    close(fd);
    snprintf(path, sizeof path, "%s/round%u", top, round);
    sync_directory(path);
    sync_directory(top);
    slots_path(path, sizeof path, round);
    int plain = open(path, O_WRONLY | O_DIRECT), synced = open(path, O_WRONLY | O_DIRECT | O_DSYNC);
    if (plain < 0 || synced < 0) fail("opening", path);
    for (unsigned slot = 0; slot < SLOTS; slot++) printf("slot %u %u 0\n", round, slot);

    uint64_t generations[SLOTS] = { 0 }, s = stream(round, 0, 0);
    for (unsigned number = 0; number < MAX_FILES; number++) {
        write_file(round, number);
        for (unsigned n = next(&s) % 3; n > 0; n--) {
            unsigned slot = next(&s) % SLOTS, is_promise = next(&s) % 2 && number % CYCLE < MIXED;
            slot_content(expected, round, slot, ++generations[slot]);
            if (pwrite(is_promise ? synced : plain, expected, SLOT_BYTES, (off_t)slot * SLOT_STRIDE) != SLOT_BYTES)
                fail("writing", path);
            if (is_promise) printf("slot %u %u %" PRIu64 "\n", round, slot, generations[slot]);
        }
    }
}

/* --- verifying ---------------------------------------------------------------------------------------------------- */

static struct { long long files, bytes, slots, damaged, whole, incomplete, missing; } total;

static void show(const char *label, const unsigned char *bytes, size_t count) {
    printf(" %s ", label);
    for (size_t i = 0; i < count; i++) printf("%02x", bytes[i]);
}

/* 1: there and right; 0: there, not (all) right; -1: not there. What is wrong with a promised one is printed. */
static int check_file(const struct plan *p, int is_promise) {
    int fd = open(p->path, O_RDONLY);
    if (fd < 0) {
        if (is_promise) printf("damaged %s: %s\n", p->path, strerror(errno));
        return -1;
    }
    uint64_t s = p->content;
    int is_whole = 1;
    for (size_t at = 0; at < p->bytes && is_whole; at += CHUNK_BYTES) {
        size_t part = p->bytes - at < CHUNK_BYTES ? p->bytes - at : CHUNK_BYTES, i = 0;
        fill(expected, CHUNK_BYTES, &s);
        ssize_t got = pread(fd, found, part, (off_t)at);
        while (got > 0 && i < (size_t)got && found[i] == expected[i]) i++;
        if (i == part) continue;
        is_whole = 0;
        if (!is_promise) break;
        printf("damaged %s: of %zu bytes, at offset %zu", p->path, p->bytes, at + i);
        show("expected", expected + i, part - i < 16 ? part - i : 16);
        if (got < 0) printf(" found %s\n", strerror(errno));
        else if (i >= (size_t)got) printf(" found the end of the file\n");
        else { show("found", found + i, (size_t)got - i < 16 ? (size_t)got - i : 16); printf("\n"); }
    }
    struct stat st;
    if (is_whole && (fstat(fd, &st) < 0 || (uint64_t)st.st_size != p->bytes)) {
        is_whole = 0;
        if (is_promise) printf("damaged %s: %lld bytes long, not %zu\n", p->path, (long long)st.st_size, p->bytes);
    }
    close(fd);
    return is_whole;
}

static void check_slots(unsigned round, const int64_t *promised) {
    char path[300];
    slots_path(path, sizeof path, round);
    int fd = open(path, O_RDONLY);
    if (fd < 0) { printf("damaged %s: %s\n", path, strerror(errno)); total.damaged++; return; }
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        if (promised[slot] < 0) continue;
        total.slots++;
        uint64_t generation;
        if (pread(fd, found, SLOT_BYTES, (off_t)slot * SLOT_STRIDE) != SLOT_BYTES) {
            printf("damaged %s: slot %u can't be read\n", path, slot);
            total.damaged++;
            continue;
        }
        memcpy(&generation, found, 8);
        slot_content(expected, round, slot, generation);
        size_t i = 0;
        while (i < SLOT_BYTES && found[i] == expected[i]) i++;
        if (i == SLOT_BYTES && generation >= (uint64_t)promised[slot]) continue;
        total.damaged++;
        printf("damaged %s: slot %u at offset %u", path, slot, slot * SLOT_STRIDE);
        if (i == SLOT_BYTES) printf(" holds generation %" PRIu64 ", promised was %" PRId64 "\n", generation, promised[slot]);
        else {
            printf(" says generation %" PRIu64 ", but it is torn: at byte %zu", generation, i);
            show("expected", expected + i, SLOT_BYTES - i < 16 ? SLOT_BYTES - i : 16);
            show("found", found + i, SLOT_BYTES - i < 16 ? SLOT_BYTES - i : 16);
            printf("\n");
        }
    }
    close(fd);
}

/* The highest file number that the round's directories hold, or `least`. */
static int highest_file(unsigned round, int least) {
    for (unsigned d = 0; d < DIRECTORIES; d++) {
        char path[300];
        snprintf(path, sizeof path, "%s/round%u/%u", top, round, d);
        DIR *directory = opendir(path);
        for (struct dirent *e; directory && (e = readdir(directory));) if (atoi(e->d_name) > least) least = atoi(e->d_name);
        if (directory) closedir(directory);
    }
    return least < MAX_FILES ? least : MAX_FILES - 1;
}

struct round { unsigned char is_promised[MAX_FILES]; int64_t slots[SLOTS]; int last_file; };

static void verify_round(unsigned round, struct round *r, int counts_loose) {
    int last = highest_file(round, r->last_file);
    for (int number = 0; number <= last; number++) {
        struct plan p = plan_of(round, (unsigned)number);
        int state = check_file(&p, r->is_promised[number]);
        if (r->is_promised[number]) {
            total.files++;
            total.bytes += (long long)p.bytes;
            total.damaged += state != 1;
            continue;
        }
        if (state == 1) printf("survived %u %d\n", round, number);
        if (counts_loose) ++*(state == 1 ? &total.whole : state == 0 ? &total.incomplete : &total.missing);
    }
    check_slots(round, r->slots);
}

static void verify(unsigned newest) {
    static struct round *rounds[MAX_ROUNDS];
    char word[16];
    unsigned round, number;
    while (scanf("%15s %u %u", word, &round, &number) == 3) {
        if (round >= MAX_ROUNDS || number >= MAX_FILES) { fprintf(stderr, "witness: no such round or file\n"); exit(3); }
        struct round *r = rounds[round];
        if (!r) {
            r = rounds[round] = calloc(1, sizeof *r);
            if (!r) exit(3);
            r->last_file = -1;
            for (unsigned i = 0; i < SLOTS; i++) r->slots[i] = -1;
        }
        if (strcmp(word, "slot") == 0) {
            long long generation;
            if (scanf("%lld", &generation) != 1 || number >= SLOTS) { fprintf(stderr, "witness: a bad slot line\n"); exit(3); }
            if (generation > r->slots[number]) r->slots[number] = generation;
            continue;
        }
        if (strcmp(word, "file") == 0) r->is_promised[number] = 1;
        if ((int)number > r->last_file) r->last_file = (int)number;
    }
    for (round = 0; round < MAX_ROUNDS; round++) if (rounds[round]) verify_round(round, rounds[round], round == newest);
    printf("totals files=%lld bytes=%lld slots=%lld damaged=%lld whole=%lld incomplete=%lld missing=%lld\n",
        total.files, total.bytes, total.slots, total.damaged, total.whole, total.incomplete, total.missing);
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 1024);   /* a line leaves the guest when it is printed, not later */
    if (argc >= 4) { top = argv[2]; seed = strtoull(argv[3], NULL, 10); }
    if (argc == 5 && strcmp(argv[1], "write") == 0) { write_round((unsigned)atoi(argv[4])); return 0; }
    if (argc == 5 && strcmp(argv[1], "verify") == 0) { verify((unsigned)atoi(argv[4])); return 0; }
    fprintf(stderr, "usage: witness write DIRECTORY SEED ROUND | witness verify DIRECTORY SEED ROUND < LIST\n");
    return 2;
}
