// A load client of WebSockets, or of NATS: opens N connections from one core, checks what arrives, says how late it is.
//
//     load --port 8080 --connections 1000 --seconds 5 --server PID --numbered --hash
//
// Measuring begins `--warm` seconds after the first tick that found every connection open. Each window, and
// the whole run at its end, is one line of JSON on stdout; what went wrong is on stderr. With `--seconds 0` it
// ends when every connection is open, and says how long that took.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "meters.h"
#include "nats.h"
#include "options.h"
#include "streams.h"
#include "websocket.h"

enum { READ_BYTES = 256 * 1024, BUFFER_BYTES = READ_BYTES + (2 << 20), SLOW_RCVBUF = 64 * 1024 };
#define TICK "{\"type\":\"tick\","

typedef enum { UNOPENED, SHAKING, JOINING, OPEN, CLOSED } State;

typedef struct {
    int fd, group;
    State state;
    bool slow;
    uint64_t ticks;              // within the measured time
    uint8_t *rest;               // the frame cut by the last read
    size_t rest_size, rest_room;
    uint32_t *numbers;           // last number of each symbol
    StreamHash hash;
} Connection;

static Connection *connections;
static int poller, started, waiting, open_now, failed, closed, closed_slow;
static uint64_t began, all_open, first_tick, last_read, pings, bytes, ticks;
static double rss_before, rss_open, rss_most, cpu_before, cpu_open;
static Histogram window_latency, run_latency;
static Hashing hashing = {0};
static Faults faults;
static bool stamped;

static void drop(Connection *c) {
    if (c->state != OPEN || !all_open) failed++;
    else if (c->slow) closed_slow++;
    else closed++;
    if (c->state == OPEN) open_now--;
    wire_forget(c->fd);
    close(c->fd);
    c->state = CLOSED;
}

static void say(Connection *c, int opcode, const void *data, size_t size) {
    bool said = !config.nats         ? send_frame(c->fd, opcode, data, size)
                : opcode == OP_PONG ? wire_send(c->fd, "PONG\r\n", 6)
                                    : send_lines(c->fd, data);
    if (!said) fprintf(stderr, "a server stopped reading: %s\n", strerror(errno));
}

static void start(Connection *c) {
    int one = 1, small = SLOW_RCVBUF;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)config.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if ((c->fd = socket(AF_INET, SOCK_STREAM, 0)) < 0) die("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (c->slow) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to)) die("connect");
    if (config.tls && !wire_secure(c->fd)) die("TLS handshake");
    if (!config.nats && !send_handshake(c->fd, config.path, config.port)) die("handshake");
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
    c->state = SHAKING;
    waiting++;
}

static void opened(Connection *c) {
    c->state = OPEN;
    waiting--;
    if (++open_now < config.connections) return;
    all_open = now_ns();
    rss_open = process_rss_kib(config.server);
    cpu_open = process_cpu_seconds(config.server);
}

// Reads the answer to the handshake; returns its length, 0 when it is not all there, -1 when it is no yes.
static ssize_t shake(Connection *c, const uint8_t *data, size_t have) {
    const char *last = config.nats ? "\r\n" : "\r\n\r\n";  // NATS begins with a line about itself
    const uint8_t *end = memmem(data, have, last, strlen(last));
    if (!end) return 0;
    if (!config.nats && (have < 12 || memcmp(data, "HTTP/1.1 101", 12))) {
        fprintf(stderr, "refused: %.*s\n", (int)(have < 100 ? have : 100), data);
        return -1;
    }
    c->state = JOINING;
    for (int i = 0; i < config.message_count; i++) say(c, OP_TEXT, config.messages[i], strlen(config.messages[i]));
    if (config.each) say(c, OP_TEXT, config.each[c->group], strlen(config.each[c->group]));
    if (!config.ready) opened(c);
    return end + (ssize_t)strlen(last) - data;
}

static inline void on_tick(Connection *c, const uint8_t *tick, size_t size, uint64_t now) {
    if (!first_tick) first_tick = now;
    ticks++;
    c->ticks++;
    if (config.hash || (!c->slow && ticks % (unsigned)config.sample == 0)) {
        StreamTime time = stream_time(tick, size);
        stamped = time.stamped;
        if (stamped && !c->slow) histogram_add(&window_latency, now > time.ns_or_ms ? now - time.ns_or_ms : 0);
        if (config.hash) check_hash(&hashing, &c->hash, c->group, time.ns_or_ms, tick, size, &faults);
    }
    if (config.numbered) check_number(c->numbers, (unsigned)config.symbols, tick, size, &faults);
}

// Takes every whole frame; returns the bytes taken, -1 when the connection is over.
static ssize_t take_frames(Connection *c, const uint8_t *data, size_t have, uint64_t now) {
    const size_t prefix = sizeof TICK - 1;
    size_t taken = 0;
    ssize_t length;
    Frame frame;
    while ((length = (config.nats ? read_message : read_frame)(data + taken, have - taken, &frame)) > 0) {
        taken += (size_t)length;
        if (frame.opcode == OP_TEXT && frame.size > prefix && !memcmp(frame.payload, TICK, prefix)) {
            on_tick(c, frame.payload, frame.size, now);
        } else if (frame.opcode == OP_TEXT) {
            bool ready = config.ready && memmem(frame.payload, frame.size, config.ready, strlen(config.ready));
            if (c->state == JOINING && ready) opened(c);
            else if (memmem(frame.payload, frame.size, "\"error\"", 7))
                fprintf(stderr, "error: %.*s\n", (int)frame.size, frame.payload);
        } else if (frame.opcode == OP_PING) {
            pings++;
            say(c, OP_PONG, frame.payload, frame.size);
        } else if (frame.opcode != OP_PONG) {
            return -1;
        }
    }
    if (length < 0) fprintf(stderr, "no frame a server may send: %02x %02x\n", data[taken], data[taken + 1]);
    return length < 0 ? -1 : (ssize_t)taken;
}

static void on_readable(Connection *c) {
    static uint8_t buffer[BUFFER_BYTES];
    size_t have = c->rest_size, taken = 0;
    if (have) memcpy(buffer, c->rest, have);
    ssize_t got = wire_recv(c->fd, buffer + have, READ_BYTES);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return drop(c);
    last_read = now_ns();
    bytes += (uint64_t)got;
    have += (size_t)got;
    if (c->state == SHAKING) {
        ssize_t head = shake(c, buffer, have);
        if (head < 0) return drop(c);
        taken = (size_t)head;
    }
    if (c->state != SHAKING) {
        ssize_t frames = take_frames(c, buffer + taken, have - taken, last_read);
        if (frames < 0) return drop(c);
        taken += (size_t)frames;
    }
    c->rest_size = have - taken;
    if (c->rest_size > c->rest_room) {
        c->rest_room = c->rest_size + 4096;
        if (!(c->rest = realloc(c->rest, c->rest_room))) die("realloc");
    }
    if (c->rest_size) memcpy(c->rest, buffer + taken, c->rest_size);
}

// The slow connections read nothing for `--stall` seconds, then as fast as they can for as long.
static void stall_slow(uint64_t now) {
    static bool stalled;
    bool stall = (uint64_t)((double)(now - all_open) / 1e9 / config.stall) % 2 == 0;
    if (!config.slow || stall == stalled) return;
    stalled = stall;
    for (int i = 0; i < config.connections; i++) {
        Connection *c = &connections[i];
        struct epoll_event event = {.events = stall ? 0 : EPOLLIN, .data.ptr = c};
        if (c->slow && c->state == OPEN) epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
    }
}

static void print_rates(const char *kind, double at, double lasted, uint64_t count, uint64_t size,
                        const Histogram *latency, double server_cpu) {
    printf("{\"kind\":\"%s\",\"at\":%.2f,\"deliveries_per_second\":%.0f,\"megabytes_per_second\":%.1f,"
           "\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"p999_ms\":%.4f,\"server_cpu\":%.4f,\"us_per_delivery\":%.4f",
           kind, at, (double)count / lasted, (double)size / lasted / 1e6, histogram_ms(latency, 0.5),
           histogram_ms(latency, 0.99), histogram_ms(latency, 0.999), server_cpu / lasted,
           count ? server_cpu * 1e6 / (double)count : -1);
}

// How the connections came to be. One is open after the handshake, or once the server has said `--ready`.
static void print_opening(void) {
    double lasted = (double)(all_open - began) / 1e9;
    printf("\"connections\":%d,\"failed\":%d,\"open_seconds\":%.3f,\"joins_per_second\":%.0f,"
           "\"us_per_join\":%.2f,\"rss_idle_kib\":%.2f",
           config.connections, failed, lasted, config.connections / lasted,
           (cpu_open - cpu_before) * 1e6 / config.connections, (rss_open - rss_before) / config.connections);
}

static void print_run(double lasted, uint64_t count, uint64_t size, double server_cpu, double own_cpu) {
    uint64_t fewest = UINT64_MAX, most = 0;
    int hashed = 0;
    for (int i = 0; i < config.connections; i++) {
        Connection *c = &connections[i];
        hashed += c->hash.begun;
        if (c->slow) continue;
        if (c->ticks < fewest) fewest = c->ticks;
        if (c->ticks > most) most = c->ticks;
    }
    print_rates("run", lasted, lasted, count, size, &run_latency, server_cpu);
    printf(",\"open\":%d,\"closed\":%d,\"closed_slow\":%d,\"fewest\":%lu,\"most\":%lu,\"gaps\":%lu,"
           "\"duplicates\":%lu,\"hashed\":%d,\"hash_checks\":%lu,\"hash_mismatches\":%lu,\"pings\":%lu,"
           "\"client_cpu\":%.3f,\"rss_mib\":%.1f,\"rss_most_mib\":%.1f,",
           open_now, closed, closed_slow, fewest, most, faults.gaps, faults.duplicates, hashed, faults.hash_checks,
           faults.hash_mismatches, pings, own_cpu / lasted, process_rss_kib(config.server) / 1024, rss_most / 1024);
    print_opening();
    puts("}");
}

static void make_connections(void) {
    if (!(connections = calloc((size_t)config.connections, sizeof *connections))) die("calloc");
    int every = config.slow > 0 ? (int)(1 / config.slow + 0.5) : 0;
    for (int i = 0; i < config.connections; i++) {
        connections[i].group = i % config.groups;
        connections[i].slow = every && i % every == 0;
        if (config.numbered) connections[i].numbers = calloc((size_t)config.symbols, sizeof(uint32_t));
    }
}

// Why waiting any longer is pointless; NULL while it is not.
static const char *stuck(uint64_t now) {
    const uint64_t second = 1000000000;
    if (failed) return "a connection did not open";
    if (closed + closed_slow >= config.connections) return "every connection is closed";
    if (!all_open && now - began > 60 * second) return "not every connection opened within 60 s";
    if (all_open && !first_tick && now - all_open > 10 * second) return "no tick within 10 s";
    if (first_tick && now - last_read > 5 * second) return "no tick for 5 s";
    return NULL;
}

int main(int count, char **words) {
    static struct epoll_event events[1024];
    read_options(count, words);
    raise_descriptor_limit();
    make_connections();
    poller = epoll_create1(0);
    rss_before = process_rss_kib(config.server);
    cpu_before = process_cpu_seconds(config.server);
    began = last_read = now_ns();
    uint64_t measured_from = 0, window_from = 0, run_ticks = 0, run_bytes = 0;
    double cpu_from = 0, cpu_window = 0, own_from = 0;
    const char *why = NULL;
    while (!(why = stuck(now_ns()))) {
        while (started < config.connections && waiting < config.in_flight) start(&connections[started++]);
        int n = epoll_wait(poller, events, 1024, 20);
        for (int i = 0; i < n; i++) on_readable(events[i].data.ptr);
        uint64_t now = now_ns();
        if (all_open && config.seconds == 0) break;
        if (!all_open || !first_tick) continue;
        stall_slow(now);
        uint64_t settled = first_tick > all_open ? first_tick : all_open;
        double cpu = 0;
        if (!measured_from) {
            if ((double)(now - settled) < config.warm * 1e9) continue;
            measured_from = window_from = now;
            cpu_from = cpu_window = process_cpu_seconds(config.server);
            own_from = own_cpu_seconds();
            for (int i = 0; i < config.connections; i++) connections[i].ticks = 0;
            if (config.hash) begin_hashing(&hashing, stamped ? 100000000 : 100, config.groups);
        } else {
            double lasted = (double)(now - window_from) / 1e9;
            if (lasted < config.window) continue;
            cpu = process_cpu_seconds(config.server);
            double rss = process_rss_kib(config.server);
            if (rss > rss_most) rss_most = rss;
            print_rates("window", (double)(now - measured_from) / 1e9, lasted, ticks, bytes, &window_latency,
                        cpu - cpu_window);
            puts("}");
            fflush(stdout);
            histogram_merge(&run_latency, &window_latency);
            run_ticks += ticks;
            run_bytes += bytes;
            cpu_window = cpu;
            window_from = now;
        }
        ticks = bytes = 0;
        memset(&window_latency, 0, sizeof window_latency);
        if ((double)(now - measured_from) >= config.seconds * 1e9) break;
    }
    if (why) fprintf(stderr, "stopped: %s (%d open, %d closed, %d slow closed, %d failed)\n", why, open_now, closed,
                     closed_slow, failed);
    if (all_open && config.seconds == 0) {
        printf("{\"kind\":\"run\",");
        print_opening();
        puts("}");
        return 0;
    }
    if (window_from == measured_from) return 1;
    print_run((double)(window_from - measured_from) / 1e9, run_ticks, run_bytes, cpu_window - cpu_from,
              own_cpu_seconds() - own_from);
    return 0;
}
