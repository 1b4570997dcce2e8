// The limit to compare with: a server that does nothing but send ready-made frames to N sockets.
//
//     reference PORT CONNECTIONS RATE RAMP STEP STAMP [MODE]
//
// The first six arguments are those of every server of this benchmark (peers/ticks.py explains them). MODE
// `each`, the default, is one send() per tick and connection: what a server does that writes at once. `all`
// puts every tick that is due into one send() per connection: what the kernel allows a server that batches.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "meters.h"
#include "websocket.h"

enum { FRAME_ROOM = 160, MOST_TICKS_PER_SEND = 4096, SETTLE_MS = 200 };

typedef struct {
    double next, gap, step_ends;   // ns: when the next tick is due, between two, when the rate changes
    double ramp, step;
    bool stamp_created;
    uint64_t count;
} Ticks;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int listen_on(int port) {
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 4096)) die("listen");
    return listener;
}

// One connection after the other: the load client sends its request head in one piece.
static int accept_client(int listener) {
    static const char yes[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Accept: " SAMPLE_ACCEPT "\r\n\r\n";
    char head[4096];
    size_t have = 0;
    int one = 1, client = accept(listener, NULL, NULL);
    if (client < 0) die("accept");
    do {
        ssize_t got = recv(client, head + have, sizeof head - 1 - have, 0);
        if (got <= 0) die("request head");
        have += (size_t)got;
        head[have] = 0;
    } while (!strstr(head, "\r\n\r\n"));
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (send(client, yes, sizeof yes - 1, 0) != sizeof yes - 1) die("handshake");
    return client;
}

static bool is_due(const Ticks *t) { return t->next <= (double)now_ns(); }

static void sleep_until_due(const Ticks *t) {
    struct timespec until = {.tv_sec = (time_t)(t->next / 1e9)};
    until.tv_nsec = (long)(t->next - (double)until.tv_sec * 1e9);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

// Writes the frame of the tick that is due; returns its size.
static size_t next_frame(Ticks *t, uint8_t *frame) {
    uint64_t stamp = t->stamp_created ? now_ns() : (uint64_t)t->next;
    unsigned number = 100000 + (unsigned)(t->count++ % 100000), ask = number + 20;
    int size = snprintf((char *)frame + 2, FRAME_ROOM - 2,
                        "{\"type\":\"tick\",\"symbol\":\"EURUSD\",\"bid\":%u.%05u,\"ask\":%u.%05u,"
                        "\"time\":1709742000000,\"t\":%lu}",
                        number / 100000, number % 100000, ask / 100000, ask % 100000, stamp);
    if (size > 125) exit(3);  // the frame's head would be longer
    frame[0] = 0x80 | OP_TEXT;
    frame[1] = (uint8_t)size;
    t->next += t->gap;
    if (t->next > t->step_ends) {
        t->gap /= t->ramp;
        t->step_ends += t->step;
    }
    return (size_t)size + 2;
}

static void send_all(int client, const uint8_t *data, size_t size) {
    for (size_t sent = 0; sent < size;) {
        ssize_t n = send(client, data + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            sent += (size_t)n;
        } else if (errno == EAGAIN) {
            struct pollfd writable = {.fd = client, .events = POLLOUT};
            if (poll(&writable, 1, 5000) <= 0) exit(0);
        } else {
            exit(0);  // the load client has seen enough
        }
    }
}

int main(int count, char **words) {
    static uint8_t frames[MOST_TICKS_PER_SEND * FRAME_ROOM];
    if (count < 7) {
        fputs("reference PORT CONNECTIONS RATE RAMP STEP due|created [each|all]\n", stderr);
        return 1;
    }
    int connections = atoi(words[2]), most = count > 7 && !strcmp(words[7], "all") ? MOST_TICKS_PER_SEND : 1;
    raise_descriptor_limit();
    int listener = listen_on(atoi(words[1])), *clients = calloc((size_t)connections, sizeof *clients);
    for (int i = 0; i < connections; i++) clients[i] = accept_client(listener);
    usleep(SETTLE_MS * 1000);
    double now = (double)now_ns(), step = atof(words[5]) * 1e9;
    Ticks ticks = {.next = now, .gap = 1e9 / atof(words[3]), .step_ends = now + step, .ramp = atof(words[4]),
                   .step = step, .stamp_created = !strcmp(words[6], "created")};
    for (;;) {
        size_t size = 0;
        sleep_until_due(&ticks);
        for (int n = 0; n < most && is_due(&ticks); n++) size += next_frame(&ticks, frames + size);
        for (int i = 0; i < connections; i++) send_all(clients[i], frames, size);
    }
}
