// The load client's command line.
#pragma once
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_MESSAGES = 16 };

static void die(const char *what) {
    perror(what);
    exit(2);
}

static struct {
    int port, connections, server, symbols, sample, in_flight;
    const char *path, *ready, *messages[MAX_MESSAGES];
    int message_count;
    char **each;                 // one message per group: connection i is of group i modulo groups
    int groups;
    double seconds, warm, window, slow, stall;
    bool numbered, hash, tls, nats;
} config = {.connections = 100, .symbols = 1, .sample = 1, .in_flight = 64, .path = "/", .groups = 1,
            .seconds = 5, .warm = 1, .window = 1, .stall = 0.6};

static void read_each(const char *path) {
    FILE *f = fopen(path, "r");
    size_t room = 0;
    ssize_t n;
    if (!f) die(path);
    config.groups = 0;
    for (char *line = NULL; (n = getline(&line, &room, f)) > 0; line = NULL, room = 0) {
        line[strcspn(line, "\n")] = 0;
        config.each = realloc(config.each, sizeof *config.each * (size_t)(config.groups + 1));
        config.each[config.groups++] = line;
    }
    fclose(f);
    if (!config.groups) die("--each needs a line");
}

static const char usage[] =
    "load --port P [--connections 100] [--seconds 5] [--warm 1] [--window 1] [--server PID] [--path /]\n"
    "     [--send TEXT]...   sent by every connection after the handshake\n"
    "     [--each FILE]      then one line of it: line i modulo lines makes the groups\n"
    "     [--ready TEXT]     a connection is open once a message holding TEXT arrives\n"
    "     [--numbered] [--symbols 1] [--hash] [--sample 1]   what to check, and every how many ticks the latency\n"
    "     [--slow 0.1] [--stall 0.6]   this share of the connections reads only every other 0.6 s\n"
    "     [--in-flight 64]   connections being opened at once\n"
    "     [--tls]            wss, any certificate\n"
    "     [--nats]           the protocol of NATS; a TEXT is lines, separated by tabs\n";

static void read_options(int count, char **words) {
    enum { PORT, CONNECTIONS, SECONDS, WARM, WINDOW, SERVER, PATH, SEND, EACH, READY, NUMBERED, SYMBOLS, HASH, SAMPLE,
           SLOW, STALL, IN_FLIGHT, TLS, NATS };
    static const struct option known[] = {
        {"port", 1, 0, PORT}, {"connections", 1, 0, CONNECTIONS}, {"seconds", 1, 0, SECONDS}, {"warm", 1, 0, WARM},
        {"window", 1, 0, WINDOW}, {"server", 1, 0, SERVER}, {"path", 1, 0, PATH}, {"send", 1, 0, SEND},
        {"each", 1, 0, EACH}, {"ready", 1, 0, READY}, {"numbered", 0, 0, NUMBERED}, {"symbols", 1, 0, SYMBOLS},
        {"hash", 0, 0, HASH}, {"sample", 1, 0, SAMPLE}, {"slow", 1, 0, SLOW}, {"stall", 1, 0, STALL},
        {"in-flight", 1, 0, IN_FLIGHT}, {"tls", 0, 0, TLS}, {"nats", 0, 0, NATS}, {0}};
    int option;
    while ((option = getopt_long(count, words, "", known, NULL)) != -1) switch (option) {
        case PORT: config.port = atoi(optarg); break;
        case CONNECTIONS: config.connections = atoi(optarg); break;
        case SECONDS: config.seconds = atof(optarg); break;
        case WARM: config.warm = atof(optarg); break;
        case WINDOW: config.window = atof(optarg); break;
        case SERVER: config.server = atoi(optarg); break;
        case PATH: config.path = optarg; break;
        case SEND:
            if (config.message_count < MAX_MESSAGES) config.messages[config.message_count++] = optarg;
            break;
        case EACH: read_each(optarg); break;
        case READY: config.ready = optarg; break;
        case NUMBERED: config.numbered = true; break;
        case SYMBOLS: config.symbols = atoi(optarg); break;
        case HASH: config.hash = true; break;
        case SAMPLE: config.sample = atoi(optarg); break;
        case SLOW: config.slow = atof(optarg); break;
        case STALL: config.stall = atof(optarg); break;
        case TLS: config.tls = true; break;
        case NATS: config.nats = true; break;
        case IN_FLIGHT: config.in_flight = atoi(optarg); break;
        default: fputs(usage, stderr); exit(1);
    }
    if (!config.port || config.connections < 1 || config.symbols < 1 || config.sample < 1) {
        fputs(usage, stderr);
        exit(1);
    }
}
