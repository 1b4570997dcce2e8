// As much of the protocol of NATS as a load client needs: lines out, messages and lines in.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "websocket.h"

// One text of the client's, whose lines are separated by tabs, and a PING: its PONG says that all has been read.
static inline bool send_lines(int fd, const char *text) {
    char lines[65536];
    size_t size = strlen(text);
    if (size + 8 > sizeof lines) return false;
    for (size_t i = 0; i < size; i++) lines[i] = text[i] == '\t' ? '\n' : text[i];
    memcpy(lines + size, "\r\nPING\r\n", 8);
    return wire_send(fd, lines, size + 8);
}

// As read_frame: a message is a text of its payload, any other line a text of that line.
static inline ssize_t read_message(const uint8_t *data, size_t have, Frame *frame) {
    const uint8_t *end = memchr(data, '\n', have);
    if (!end) return 0;
    if (end == data || end[-1] != '\r') return -1;
    size_t head = (size_t)(end + 1 - data), size = 0;
    if (!memcmp(data, "-ERR", 4)) {
        fprintf(stderr, "refused: %.*s\n", (int)head, data);
        return -1;
    }
    if (!memcmp(data, "PING", 4)) {
        *frame = (Frame){.opcode = OP_PING, .payload = data, .size = 0};
        return (ssize_t)head;
    }
    if (memcmp(data, "MSG ", 4)) {
        *frame = (Frame){.opcode = OP_TEXT, .payload = data, .size = head};
        return (ssize_t)head;
    }
    size_t place = 1;
    for (const uint8_t *p = end - 2; *p != ' '; p--, place *= 10) size += (size_t)(*p - '0') * place;
    if (have < head + size + 2) return 0;
    *frame = (Frame){.opcode = OP_TEXT, .payload = data + head, .size = size};
    return (ssize_t)(head + size + 2);
}
