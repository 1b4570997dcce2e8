// Whether every connection got every tick, once, in order, and the same bytes as its group.
//
// A tick is a JSON text that ends in a number, its place on the stream's clock: `"t":<ns>` when a
// benchmark made it (monotonic nanoseconds, so that it also tells how late it is), or the protocol's own
// `"time":<ms>`. A numbered tick also counts: the bid of each symbol is 1.00000, 1.00001 ... 1.99999 and
// starts over, so that gaps and duplicates show without another field in the protocol's frame.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_NUMBER = 100000, NUMBERS = 100000 };

typedef struct {
    uint64_t gaps, duplicates, hash_checks, hash_mismatches;
} Faults;

typedef struct {
    uint64_t ns_or_ms;
    bool stamped;  // `"t"`: it can be compared with now_ns()
} StreamTime;

static inline StreamTime stream_time(const uint8_t *tick, size_t size) {
    StreamTime time = {0, false};
    uint64_t place = 1;
    const uint8_t *p = tick + size - 2;  // before the closing brace
    for (; p > tick + 4 && *p >= '0' && *p <= '9'; p--, place *= 10) time.ns_or_ms += (*p - '0') * place;
    time.stamped = p[0] == ':' && p[-1] == '"' && p[-2] == 't' && p[-3] == '"';
    return time;
}

// Multiply and xor over eight bytes at a time: any difference shows, and it costs a few ns a tick.
static inline uint64_t mix(uint64_t hash, const uint8_t *data, size_t size) {
    const uint64_t odd = 0x9E3779B97F4A7C15u;
    uint64_t word = 0;
    for (; size >= 8; data += 8, size -= 8) {
        memcpy(&word, data, 8);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 29;
    }
    word = 0;
    memcpy(&word, data, size);
    hash = (hash ^ word ^ (uint64_t)size << 56) * odd;
    return hash ^ hash >> 32;
}

// ---- numbers -------------------------------------------------------------------------------------------

// The slot of a symbol is the number it ends in (`SYM042`); `EURUSD` is slot 0.
static inline unsigned symbol_slot(const uint8_t *tick, size_t size, unsigned slots) {
    const uint8_t *p = memmem(tick, size, "\"symbol\":\"", 10);
    unsigned slot = 0;
    if (!p) return 0;
    for (p += 10; *p != '"' && p < tick + size; p++)
        if (*p >= '0' && *p <= '9') slot = slot * 10 + (*p - '0');
    return slot < slots ? slot : 0;
}

// `last` holds the number before, one per symbol; 0 before the first.
static inline void check_number(uint32_t *last, unsigned slots, const uint8_t *tick, size_t size, Faults *faults) {
    const uint8_t *p = memmem(tick, size, "\"bid\":", 6);
    if (!p) return;
    uint32_t number = 0;
    for (p += 6; (*p >= '0' && *p <= '9') || *p == '.'; p++)
        if (*p != '.') number = number * 10 + (*p - '0');
    uint32_t *before = &last[slots > 1 ? symbol_slot(tick, size, slots) : 0];
    if (*before) {
        uint32_t ahead = (number + NUMBERS - *before) % NUMBERS;
        if (ahead == 0 || ahead > NUMBERS / 2) faults->duplicates++;
        else faults->gaps += ahead - 1;
    }
    *before = number;
}

// ---- hashes --------------------------------------------------------------------------------------------

// Each connection hashes its ticks from one moment on, `from`, that lies ahead of all of them when it is
// chosen. Whenever the stream's clock enters a new period, the hash so far must be that of every other
// connection of the group at the same place. The first to get there writes it down.
enum { CHECKPOINTS = 256 };
typedef struct {
    uint64_t period, hash;
} Checkpoint;

typedef struct {
    uint64_t from, period;  // on the stream's clock; period 0: not begun
    uint64_t latest;        // greatest time seen on any connection
    Checkpoint *checkpoints;
} Hashing;

typedef struct {
    bool begun;
    uint64_t hash, period;
} StreamHash;

// The tenth of a second is in units of the stream's clock: of ns, or of ms.
static inline void begin_hashing(Hashing *all, uint64_t tenth_of_a_second, int groups) {
    all->checkpoints = calloc((size_t)groups * CHECKPOINTS, sizeof *all->checkpoints);
    all->from = all->latest + 1;
    all->period = tenth_of_a_second;
}

static inline void check_hash(Hashing *all, StreamHash *mine, int group, uint64_t time, const uint8_t *tick,
                              size_t size, Faults *faults) {
    if (time > all->latest) all->latest = time;
    if (!all->period || (!mine->begun && time < all->from)) return;
    uint64_t period = time / all->period;
    if (mine->begun && period != mine->period) {
        Checkpoint *there = &all->checkpoints[group * CHECKPOINTS + (int)(period % CHECKPOINTS)];
        if (there->period < period) {
            *there = (Checkpoint){period, mine->hash};
        } else if (there->period == period) {
            faults->hash_checks++;
            faults->hash_mismatches += there->hash != mine->hash;
        }  // else: so far behind the others that their hash at this place is forgotten
    }
    mine->begun = true;
    mine->period = period;
    mine->hash = mix(mine->hash, tick, size);
}
