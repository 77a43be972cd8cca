#include "bridge.h"

#include "_cgo_export.h"

static void done(void *user, KopokopoStatus status, const KopokopoResult *result)
{
    kopokopoGoDone((uintptr_t)user, status, (void *)result->data, result->length, result->object);
    if (result->handle != 0) kopokopo_free(result->handle);
}

static void ask(void *user, uint64_t reply) { kopokopoGoAsk((uintptr_t)user, reply); }

static void execute(void *user, uint64_t reply, const char *request, size_t length)
{
    kopokopoGoExecute((uintptr_t)user, reply, (void *)request, length);
}

static void release(void *user) { kopokopoGoRelease((uintptr_t)user); }

static void write_log(void *user, const char *text, size_t length)
{
    (void)user;
    kopokopoGoLog((void *)text, length);
}

kopokopo_go_begun kopokopo_go_call(uint64_t object, const char *method, size_t method_length, const char *arguments,
                                   size_t arguments_length, uintptr_t number)
{
    kopokopo_go_begun begun = {0, 0};
    begun.status = kopokopo_call(object, method, method_length, arguments, arguments_length, done, (void *)number,
                                 &begun.call);
    return begun;
}

KopokopoStatus kopokopo_go_with_token_source(uintptr_t number, const char *options, size_t options_length,
                                             KopokopoResult *out)
{
    return kopokopo_with_token_source(ask, (void *)number, release, options, options_length, out);
}

KopokopoStatus kopokopo_go_with_journal(uint64_t client, uintptr_t number, const char *options, size_t options_length,
                                        KopokopoResult *out)
{
    return kopokopo_with_journal(client, execute, (void *)number, release, options, options_length, out);
}

KopokopoStatus kopokopo_go_set_log(void) { return kopokopo_set_log(write_log, NULL); }
