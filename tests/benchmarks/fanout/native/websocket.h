// As much of RFC 6455 as a load client needs: the handshake, masked frames out, plain frames in.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "wire.h"

enum { OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

// Every connection uses the key of RFC 6455's example, so the accept value is the RFC's as well and the
// reference server needs no SHA-1.
#define SAMPLE_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define SAMPLE_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static inline bool send_handshake(int fd, const char *path, int port) {
    char head[1024];
    int n = snprintf(head, sizeof head,
                     "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: " SAMPLE_KEY "\r\nSec-WebSocket-Version: 13\r\n\r\n",
                     path, port);
    return wire_send(fd, head, (size_t)n);
}

// One masked frame of at most 64 KiB. The sockets carry next to nothing in this direction, so a short
// write means that the server has stopped reading: an error.
static inline bool send_frame(int fd, int opcode, const uint8_t *data, size_t size) {
    static uint8_t frame[65536 + 8];
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    size_t at = 0;
    if (size > 65535) return false;
    frame[at++] = (uint8_t)(0x80 | opcode);
    if (size < 126) {
        frame[at++] = (uint8_t)(0x80 | size);
    } else {
        frame[at++] = 0x80 | 126;
        frame[at++] = (uint8_t)(size >> 8);
        frame[at++] = (uint8_t)size;
    }
    memcpy(frame + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < size; i++) frame[at++] = data[i] ^ mask[i & 3];
    return wire_send(fd, frame, at);
}

typedef struct {
    int opcode;
    const uint8_t *payload;
    size_t size;
} Frame;

// Reads the frame at `data`. Returns its whole length, 0 when it is not all there, -1 when it is none that
// a server may send here: masked, fragmented or compressed.
static inline ssize_t read_frame(const uint8_t *data, size_t have, Frame *frame) {
    if (have < 2) return 0;
    if ((data[0] & 0xf0) != 0x80 || data[1] & 0x80) return -1;
    size_t head = 2, size = data[1];
    if (size == 126) {
        head = 4;
        if (have < head) return 0;
        size = (size_t)data[2] << 8 | data[3];
    } else if (size == 127) {
        head = 10;
        if (have < head) return 0;
        size = 0;
        for (int i = 2; i < 10; i++) size = size << 8 | data[i];
        if (size > 1 << 20) return -1;
    }
    if (have < head + size) return 0;
    *frame = (Frame){.opcode = data[0] & 15, .payload = data + head, .size = size};
    return (ssize_t)(head + size);
}
