/* What the tests of the C ABI share: checks, results, calls that are waited for, and a server that never responds. */
#ifndef HARNESS_H
#define HARNESS_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kopokopo.h"

#define TEXT KOPOKOPO_TEXT
#define OK KOPOKOPO_STATUS_OK
#define ERROR KOPOKOPO_STATUS_ERROR
#define CANCELLED KOPOKOPO_STATUS_CANCELLED
#define INVALID_POINTER KOPOKOPO_STATUS_INVALID_POINTER
#define INVALID_HANDLE KOPOKOPO_STATUS_INVALID_HANDLE
#define SHUT_DOWN KOPOKOPO_STATUS_SHUT_DOWN
#define WRONG_THREAD KOPOKOPO_STATUS_WRONG_THREAD
#define ALREADY_SET KOPOKOPO_STATUS_ALREADY_SET

/* The arguments of a create. */
#define PUSH                                                                                                     \
    "{\"till_number\":\"K000000\",\"phone_number\":\"0712345678\",\"amount\":\"100\",\"callback_url\":\"https://shop.example/k2\"}"

/* The longest that a test waits for something that must happen. */
enum { LONGEST_SECONDS = 120 };

/* Of all files of a program, which defines it. */
extern int failures;

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            __atomic_add_fetch(&failures, 1, __ATOMIC_SEQ_CST);                        \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, __func__, #condition); \
        }                                                                              \
    } while (0)

static inline bool is_empty(const KopokopoResult *result)
{
    return result->handle == 0 && result->data == NULL && result->length == 0 && result->object == 0;
}

/* Whether the data has a text. */
static inline bool has(const KopokopoResult *result, const char *text)
{
    return result->data != NULL && memmem(result->data, result->length, text, strlen(text)) != NULL;
}

static inline void release_result(const KopokopoResult *result)
{
    if (result->handle != 0) CHECK(kopokopo_free(result->handle) == OK);
    if (result->object != 0) CHECK(kopokopo_free(result->object) == OK);
}

/* The object that a method leads to. */
static inline uint64_t object_of(uint64_t own, const char *method)
{
    KopokopoResult result;
    CHECK(kopokopo_call_sync(own, method, strlen(method), NULL, 0, &result) == OK);
    CHECK(result.object != 0 && result.handle == 0);
    return result.object;
}

/* A call, and how often its function was called. */
typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int count;
    KopokopoStatus status;
    KopokopoResult result;
} Waiter;

#define WAITER {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, OK, {0, NULL, 0, 0}}

static inline void done(void *user, KopokopoStatus status, const KopokopoResult *result)
{
    Waiter *waiter = user;
    pthread_mutex_lock(&waiter->lock);
    waiter->count++;
    waiter->status = status;
    waiter->result = *result;
    pthread_cond_broadcast(&waiter->changed);
    pthread_mutex_unlock(&waiter->lock);
}

static inline struct timespec deadline(void)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += LONGEST_SECONDS;
    return end;
}

/* Waits until the function was called so often. */
static inline void wait_for(Waiter *waiter, int count)
{
    struct timespec end = deadline();
    pthread_mutex_lock(&waiter->lock);
    while (waiter->count < count && pthread_cond_timedwait(&waiter->changed, &waiter->lock, &end) == 0) continue;
    CHECK(waiter->count == count);
    pthread_mutex_unlock(&waiter->lock);
}

/* A server that reads a request and then never responds, or closes the connection. */
typedef struct {
    int listener;
    int port;
    bool closes;
    Waiter requests;
    pthread_t thread;
    int connections[64];
    int count;
} Server;

static inline void *serve(void *own)
{
    Server *server = own;
    char buffer[4096];
    int connection;
    while ((connection = accept(server->listener, NULL, NULL)) >= 0) {
        if (read(connection, buffer, sizeof buffer) > 0) {
            KopokopoResult none = {0, NULL, 0, 0};
            done(&server->requests, OK, &none);
        }
        if (server->closes || server->count == 64) close(connection);
        else server->connections[server->count++] = connection;
    }
    return NULL;
}

static inline void start_server(Server *server, bool closes)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    Waiter requests = WAITER;
    memset(server, 0, sizeof *server);
    server->closes = closes;
    server->requests = requests;
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(server->listener, (struct sockaddr *)&address, length) == 0 && listen(server->listener, 64) == 0);
    CHECK(getsockname(server->listener, (struct sockaddr *)&address, &length) == 0);
    server->port = ntohs(address.sin_port);
    CHECK(pthread_create(&server->thread, NULL, serve, server) == 0);
}

static inline void stop_server(Server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    for (int at = 0; at < server->count; at++) close(server->connections[at]);
}

#endif
