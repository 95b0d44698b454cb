/* A program for the guest: writes with RWF_ATOMIC (or without), and finds out afterwards which writes a power cut tore.
 *
 *   atomic-writer limits PATH            what statx says: "unit_min N unit_max N unit_max_opt N segments_max N"
 *   atomic-writer try PATH OFFSET BYTES [plain] [buffered] [buffers=N] [fill=CHARACTER]
 *                                        one write; prints OK or the error's name (EINVAL), and fails unless OK
 *   atomic-writer fill PATH SLOT_BYTES SLOTS
 *                                        every slot in its first generation, synced: what a round begins with
 *   atomic-writer write PATH SLOT_BYTES SLOTS NAME SEED ROUND [plain]
 *                                        overwrites slots until it is killed, with several processes; prints
 *       began NAME                       each process has written something
 *       kept NAME SLOT GENERATION        a promise: this write was RWF_DSYNC and has returned (plain ones make none)
 *   atomic-writer verify PATH SLOT_BYTES SLOTS NAME ROUND < LIST   LIST: those "kept" lines that had arrived before the cut; prints
 *       torn NAME SLOT: ...              the slot holds blocks of more than one write, and one of them is of this round
 *       damaged NAME SLOT: ...           a block that nobody wrote there, or a promised generation that is gone
 *       totals NAME slots=N written=N torn=N damaged=N    written: whole, by a write of this round
 *
 * PATH is a device or a file, opened with O_DIRECT. A slot is what one write covers. Every 512 bytes of it carry a stamp,
 * their own offset in it, and bytes that follow from both, so that no mixture of writes can look like one. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef RWF_ATOMIC
#define RWF_ATOMIC 0x40   /* Linux 6.11 */
#endif

enum {
    WRITERS = 8,                /* processes; each has the slots whose number leaves its own as the remainder */
    PROMISE_EVERY = 64,         /* writes of a process: RWF_DSYNC flushes the disk, and with nothing unflushed nothing is at stake */
    BLOCK_BYTES = 512, MAX_SLOT_BYTES = 1 << 20, MAX_SLOTS = 1 << 16, MAX_BUFFERS = 64,
    ALIGNMENT_BYTES = 4096,
};

#define MAGIC 0x706d617473656228ull

struct stamp { uint64_t magic, offset_bytes, generation; uint32_t writer, slot_bytes; };
union block { struct stamp stamp; uint64_t words[BLOCK_BYTES / 8]; };
static _Alignas(ALIGNMENT_BYTES) union block slot_blocks[MAX_SLOT_BYTES / BLOCK_BYTES];

/* SplitMix64: `state` moves on, the answer is well mixed. */
static uint64_t next(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static void fail(const char *what, const char *path) {
    fprintf(stderr, "atomic-writer: %s %s: %s\n", what, path, strerror(errno));
    exit(3);
}

static void stamp_block(union block *block, uint64_t offset_bytes, uint64_t generation, uint32_t writer, uint32_t slot_bytes) {
    block->stamp = (struct stamp){ MAGIC, offset_bytes, generation, writer, slot_bytes };
    uint64_t state = offset_bytes ^ generation << 20 ^ (uint64_t)writer << 56;
    for (size_t i = sizeof(struct stamp) / 8; i < BLOCK_BYTES / 8; i++) block->words[i] = next(&state);
}

static void stamp_slot(uint64_t slot, uint64_t generation, uint32_t writer, uint32_t slot_bytes) {
    for (uint32_t at = 0; at < slot_bytes; at += BLOCK_BYTES)
        stamp_block(&slot_blocks[at / BLOCK_BYTES], slot * slot_bytes + at, generation, writer, slot_bytes);
}

/* All of it in one call, or the end. */
static void write_slot(int fd, const char *path, uint64_t slot, uint32_t slot_bytes, int flags) {
    struct iovec whole = { slot_blocks, slot_bytes };
    ssize_t done = pwritev2(fd, &whole, 1, (off_t)(slot * slot_bytes), flags);
    if (done < 0) fail("writing", path);
    if ((size_t)done != slot_bytes) { fprintf(stderr, "atomic-writer: a short write of %zd bytes\n", done); exit(3); }
}

static int open_direct(const char *path, int flags) {
    int fd = open(path, flags | O_DIRECT, 0644);
    if (fd < 0) fail("opening", path);
    return fd;
}

/* --- one write, and what the kernel says of it ---------------------------------------------------------------------- */

static int show_limits(const char *path) {
    enum { STATX_WRITE_ATOMIC_MASK = 0x10000, UNIT_MIN = 0xa8, UNIT_MAX = 0xac, SEGMENTS_MAX = 0xb0, UNIT_MAX_OPT = 0xb8 };
    unsigned char answer[256] = { 0 };   /* the C library's struct may be older than the kernel's */
    if (syscall(SYS_statx, AT_FDCWD, path, 0, STATX_WRITE_ATOMIC_MASK, answer) < 0) fail("statx of", path);
    uint32_t unit_min, unit_max, segments_max, unit_max_opt;
    memcpy(&unit_min, answer + UNIT_MIN, 4);
    memcpy(&unit_max, answer + UNIT_MAX, 4);
    memcpy(&segments_max, answer + SEGMENTS_MAX, 4);
    memcpy(&unit_max_opt, answer + UNIT_MAX_OPT, 4);
    printf("unit_min %u unit_max %u unit_max_opt %u segments_max %u\n", unit_min, unit_max, unit_max_opt, segments_max);
    return 0;
}

static int try_one(int count, char **words) {
    const char *path = words[0];
    long long offset_bytes = atoll(words[1]);
    size_t length_bytes = (size_t)atoll(words[2]), buffers = 1;
    int flags = RWF_ATOMIC, direct = O_DIRECT, fill = 'A';
    for (int i = 3; i < count; i++) {
        if (strcmp(words[i], "plain") == 0) flags = 0;
        else if (strcmp(words[i], "buffered") == 0) direct = 0;
        else if (strncmp(words[i], "buffers=", 8) == 0) buffers = (size_t)atoi(words[i] + 8);
        else if (strncmp(words[i], "fill=", 5) == 0) fill = words[i][5];
        else { fprintf(stderr, "atomic-writer: try knows no %s\n", words[i]); return 2; }
    }
    if (buffers < 1 || buffers > MAX_BUFFERS) { fprintf(stderr, "atomic-writer: buffers from 1 to %d\n", MAX_BUFFERS); return 2; }
    int fd = open(path, O_WRONLY | O_CREAT | direct, 0644);
    if (fd < 0) fail("opening", path);
    char *bytes = aligned_alloc(ALIGNMENT_BYTES, (length_bytes + ALIGNMENT_BYTES) / ALIGNMENT_BYTES * ALIGNMENT_BYTES);
    if (!bytes) fail("memory for", path);
    memset(bytes, fill, length_bytes);
    struct iovec parts[MAX_BUFFERS];
    for (size_t i = 0; i < buffers; i++) parts[i] = (struct iovec){ bytes + length_bytes / buffers * i, length_bytes / buffers };
    ssize_t done = pwritev2(fd, parts, (int)buffers, offset_bytes, flags);
    printf("%s\n", done < 0 ? strerrorname_np(errno) : (size_t)done == length_bytes ? "OK" : "short");
    return (size_t)done == length_bytes ? 0 : 1;
}

/* --- writing -------------------------------------------------------------------------------------------------------- */

static int fill_slots(const char *path, uint32_t slot_bytes, uint32_t slots) {
    int fd = open_direct(path, O_WRONLY | O_CREAT);
    for (uint32_t slot = 0; slot < slots; slot++) {
        stamp_slot(slot, 0, slot % WRITERS, slot_bytes);
        write_slot(fd, path, slot, slot_bytes, 0);
    }
    if (fsync(fd) < 0) fail("fsync of", path);
    return 0;
}

static void write_forever(const char *path, uint32_t slot_bytes, uint32_t slots, const char *name, uint64_t seed, uint32_t writer,
    uint64_t round, int flags) {
    int fd = open_direct(path, O_WRONLY);
    uint64_t state = seed ^ round << 8 ^ writer, own_slots = slots / WRITERS;
    for (uint64_t number = 1;; number++) {
        uint64_t slot = next(&state) % own_slots * WRITERS + writer, generation = round << 32 | number;
        int is_promise = flags != 0 && next(&state) % PROMISE_EVERY == 0;
        stamp_slot(slot, generation, writer, slot_bytes);
        write_slot(fd, path, slot, slot_bytes, flags | (is_promise ? RWF_DSYNC : 0));
        if (number == 1) printf("began %s\n", name);
        if (is_promise) printf("kept %s %" PRIu64 " %" PRIu64 "\n", name, slot, generation);
    }
}

static int start_writers(const char *path, uint32_t slot_bytes, uint32_t slots, char **words, int flags) {
    uint64_t seed = strtoull(words[1], NULL, 10), round = strtoull(words[2], NULL, 10);
    for (uint32_t writer = 0; writer < WRITERS; writer++) {
        pid_t child = fork();
        if (child < 0) fail("fork for", path);
        if (child > 0) continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        write_forever(path, slot_bytes, slots, words[0], seed, writer, round, flags);
    }
    int status;
    wait(&status);   /* none ends but in trouble, which it has told */
    return 3;
}

/* --- verifying ------------------------------------------------------------------------------------------------------ */

static uint64_t promised[MAX_SLOTS];
static const char *verified_name;
static uint64_t verified_round;
static struct { uint32_t written, torn, damaged; } total;

static void read_promises(uint32_t slots) {
    char word[16], name[64];
    uint64_t slot, generation;
    while (scanf("%15s %63s %" SCNu64 " %" SCNu64, word, name, &slot, &generation) == 4) {
        if (strcmp(name, verified_name) != 0) continue;
        if (slot >= slots) { fprintf(stderr, "atomic-writer: no slot %" PRIu64 "\n", slot); exit(3); }
        if (generation > promised[slot]) promised[slot] = generation;
    }
}

static int is_what_was_written(const union block *block, uint64_t offset_bytes, uint32_t writer, uint32_t slot_bytes) {
    union block expected;
    stamp_block(&expected, offset_bytes, block->stamp.generation, writer, slot_bytes);
    return memcmp(&expected, block, sizeof expected) == 0;
}

static void verify_slot(uint64_t slot, uint32_t slot_bytes) {
    uint64_t first = slot_blocks[0].stamp.generation, oldest = first, newest = first;
    uint32_t seam = 0;
    for (uint32_t at = 0; at < slot_bytes; at += BLOCK_BYTES) {
        const union block *block = &slot_blocks[at / BLOCK_BYTES];
        uint64_t offset_bytes = slot * slot_bytes + at;
        if (!is_what_was_written(block, offset_bytes, slot % WRITERS, slot_bytes)) {
            total.damaged++;
            printf("damaged %s %" PRIu64 ": at byte %u nothing that was ever written there\n", verified_name, slot, at);
            return;
        }
        if (block->stamp.generation < oldest) oldest = block->stamp.generation;
        if (block->stamp.generation > newest) newest = block->stamp.generation;
        if (block->stamp.generation != first && seam == 0) seam = at;
    }
    if (oldest < promised[slot]) {
        total.damaged++;
        printf("damaged %s %" PRIu64 ": generation %" PRIu64 ", promised was %" PRIu64 "\n", verified_name, slot, oldest, promised[slot]);
    } else if (newest >> 32 != verified_round) {
        /* Of an earlier round: it was judged then. */
    } else if (seam != 0) {
        total.torn++;
        printf("torn %s %" PRIu64 ": generation %" PRIu64 " to byte %u, then %" PRIu64 "\n", verified_name, slot, first, seam,
            slot_blocks[seam / BLOCK_BYTES].stamp.generation);
    } else total.written++;
}

static int verify(const char *path, uint32_t slot_bytes, uint32_t slots, const char *name, const char *round) {
    verified_name = name;
    verified_round = strtoull(round, NULL, 10);
    read_promises(slots);
    int fd = open_direct(path, O_RDONLY);
    for (uint32_t slot = 0; slot < slots; slot++) {
        if (pread(fd, slot_blocks, slot_bytes, (off_t)slot * slot_bytes) != (ssize_t)slot_bytes) fail("reading", path);
        verify_slot(slot, slot_bytes);
    }
    printf("totals %s slots=%u written=%u torn=%u damaged=%u\n", name, slots, total.written, total.torn, total.damaged);
    return 0;
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 1024);   /* a line leaves the guest when it is printed, not later */
    if (argc == 3 && strcmp(argv[1], "limits") == 0) return show_limits(argv[2]);
    if (argc >= 5 && strcmp(argv[1], "try") == 0) return try_one(argc - 2, argv + 2);
    uint32_t slot_bytes = argc < 5 ? 0 : (uint32_t)atoi(argv[3]), slots = argc < 5 ? 0 : (uint32_t)atoi(argv[4]);
    if (slot_bytes >= BLOCK_BYTES && slot_bytes <= MAX_SLOT_BYTES && slot_bytes % BLOCK_BYTES == 0
        && slots >= WRITERS && slots <= MAX_SLOTS && slots % WRITERS == 0) {
        if (argc == 5 && strcmp(argv[1], "fill") == 0) return fill_slots(argv[2], slot_bytes, slots);
        if (argc == 7 && strcmp(argv[1], "verify") == 0) return verify(argv[2], slot_bytes, slots, argv[5], argv[6]);
        int is_plain = argc == 9 && strcmp(argv[8], "plain") == 0;
        if ((argc == 8 || is_plain) && strcmp(argv[1], "write") == 0)
            return start_writers(argv[2], slot_bytes, slots, argv + 5, is_plain ? 0 : RWF_ATOMIC);
    }
    fprintf(stderr,
        "usage: atomic-writer limits PATH\n"
        "       atomic-writer try PATH OFFSET BYTES [plain] [buffered] [buffers=N] [fill=CHARACTER]\n"
        "       atomic-writer fill|verify|write PATH SLOT_BYTES SLOTS ...   slots: a multiple of %d, of whole blocks of %d bytes\n",
        WRITERS, BLOCK_BYTES);
    return 2;
}
