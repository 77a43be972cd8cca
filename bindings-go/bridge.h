/* What Go calls in C, and what C calls in Go. Numbers are passed in place of pointers to Go's memory. */

#ifndef KOPOKOPO_GO_BRIDGE_H
#define KOPOKOPO_GO_BRIDGE_H

#include "kopokopo.h"

/* How a call began: its handle, if the status is KOPOKOPO_STATUS_OK. */
typedef struct {
    KopokopoStatus status;
    uint64_t call;
} kopokopo_go_begun;

kopokopo_go_begun kopokopo_go_call(uint64_t object, const char *method, size_t method_length, const char *arguments,
                                   size_t arguments_length, uintptr_t number);

KopokopoStatus kopokopo_go_with_token_source(uintptr_t number, const char *options, size_t options_length,
                                             KopokopoResult *out);

KopokopoStatus kopokopo_go_with_journal(uint64_t client, uintptr_t number, const char *options, size_t options_length,
                                        KopokopoResult *out);

KopokopoStatus kopokopo_go_set_log(void);

#endif
