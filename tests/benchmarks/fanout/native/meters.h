// What is read off a clock or a counter: time, latency, and what another process has used.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static inline uint64_t clock_ns(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t)) return 0;
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// The clock that every server of this benchmark stamps its ticks with.
static inline uint64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

// Latencies in nanoseconds, in buckets no wider than 1/64 of their value: enough for a p99.9, at the
// cost of one increment per tick.
enum { BUCKETS = 4096 };
typedef struct {
    uint64_t count, bucket[BUCKETS];
} Histogram;

static inline void histogram_add(Histogram *h, uint64_t ns) {
    unsigned at = (unsigned)ns;
    if (ns >= 64) {
        unsigned octave = 63 - (unsigned)__builtin_clzll(ns);
        at = (octave - 5) * 64 + ((ns >> (octave - 6)) & 63);
    }
    h->bucket[at < BUCKETS ? at : BUCKETS - 1]++;
    h->count++;
}

static inline void histogram_merge(Histogram *into, const Histogram *from) {
    into->count += from->count;
    for (int i = 0; i < BUCKETS; i++) into->bucket[i] += from->bucket[i];
}

// The latency that `share` of all ticks did not exceed, in milliseconds; -1 when there were none.
static inline double histogram_ms(const Histogram *h, double share) {
    uint64_t seen = 0, wanted = (uint64_t)(share * (double)h->count);
    if (wanted >= h->count && h->count) wanted = h->count - 1;
    for (int i = 0; i < BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen <= wanted) continue;
        double ns = i < 64 ? i : ((i & 63) + 64.5) * (double)(1ull << (i / 64 - 1));
        return ns / 1e6;
    }
    return -1;
}

// CPU seconds of a process, all threads, user and system: /proc/PID/stat says the same in steps of 10 ms,
// too coarse for a window of half a second.
static inline double process_cpu_seconds(int pid) {
    clockid_t clock;
    if (!pid || clock_getcpuclockid(pid, &clock)) return 0;
    return (double)clock_ns(clock) / 1e9;
}

static inline double own_cpu_seconds(void) { return (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9; }

static inline double process_rss_kib(int pid) {
    char path[64];
    long resident = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    FILE *f = pid ? fopen(path, "r") : NULL;
    if (!f) return 0;
    if (fscanf(f, "%*d %ld", &resident) != 1) resident = 0;
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

// Thousands of sockets need more descriptors than the usual soft limit.
static inline void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit)) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}
