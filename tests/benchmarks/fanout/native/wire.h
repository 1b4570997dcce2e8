// Bytes to and from a server, plain or over TLS. Compiled without OpenSSL, --tls says what is missing.
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#ifdef WITH_TLS
#include <openssl/ssl.h>

enum { MAX_FD = 1 << 16 };
static SSL *tls_of[MAX_FD];   // by file descriptor

// A TLS handshake on a connected, blocking socket. The certificate is not checked: it is our own server's.
static bool wire_secure(int fd) {
    static SSL_CTX *context;
    if (!context && !(context = SSL_CTX_new(TLS_client_method()))) return false;
    if (fd >= MAX_FD || !(tls_of[fd] = SSL_new(context))) return false;
    return SSL_set_fd(tls_of[fd], fd) && SSL_connect(tls_of[fd]) == 1;
}

static void wire_forget(int fd) {
    if (fd < MAX_FD && tls_of[fd]) SSL_free(tls_of[fd]), tls_of[fd] = NULL;
}

static ssize_t wire_recv(int fd, uint8_t *to, size_t room) {
    SSL *tls = fd < MAX_FD ? tls_of[fd] : NULL;
    if (!tls) return recv(fd, to, room, 0);
    // Records that OpenSSL holds back would wake nobody: take all there is room for.
    size_t have = 0;
    while (have < room) {
        int n = SSL_read(tls, to + have, (int)(room - have));
        if (n > 0) {
            have += (size_t)n;
        } else if (have || SSL_get_error(tls, n) == SSL_ERROR_WANT_READ) {
            break;
        } else {
            return 0;
        }
    }
    if (have) return (ssize_t)have;
    errno = EAGAIN;
    return -1;
}

static bool wire_send(int fd, const void *data, size_t size) {
    SSL *tls = fd < MAX_FD ? tls_of[fd] : NULL;
    if (tls) return SSL_write(tls, data, (int)size) == (int)size;
    return send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size;
}
#else
static bool wire_secure(int fd) {
    (void)fd;
    fprintf(stderr, "compiled without OpenSSL\n");
    return false;
}

static void wire_forget(int fd) { (void)fd; }

static ssize_t wire_recv(int fd, uint8_t *to, size_t room) { return recv(fd, to, room, 0); }

static bool wire_send(int fd, const void *data, size_t size) {
    return send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size;
}
#endif
