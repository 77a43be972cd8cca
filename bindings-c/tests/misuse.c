/* Wrong and hostile uses of the C ABI. Run it with the variables of `k2 sandbox`, also under valgrind and AddressSanitizer. */
#include "harness.h"

int failures;
static uint64_t client, payments;

static void null_pointers_are_errors(void)
{
    KopokopoResult out;
    uint64_t call = 7;
    Waiter waiter = WAITER;
    CHECK(kopokopo_make(TEXT("KopoKopo"), TEXT("new"), NULL, 0, NULL) == INVALID_POINTER);
    CHECK(kopokopo_make(NULL, 8, TEXT("new"), NULL, 0, &out) == INVALID_POINTER && is_empty(&out));
    CHECK(kopokopo_make(TEXT("KopoKopo"), TEXT("new"), NULL, 3, &out) == INVALID_POINTER && is_empty(&out));
    CHECK(kopokopo_make(TEXT("KopoKopo"), TEXT("new"), "{}", SIZE_MAX, &out) == INVALID_POINTER && is_empty(&out));
    CHECK(kopokopo_function(TEXT("version"), NULL, 0, NULL) == INVALID_POINTER);
    CHECK(kopokopo_call_sync(client, TEXT("base_url"), NULL, 0, NULL) == INVALID_POINTER);
    CHECK(kopokopo_call_wait(payments, TEXT("get"), TEXT("{\"id\":\"x\"}"), NULL) == INVALID_POINTER);
    CHECK(kopokopo_call(payments, TEXT("get"), TEXT("{}"), NULL, NULL, &call) == INVALID_POINTER && call == 7);
    CHECK(kopokopo_call_by_value(payments, TEXT("get"), TEXT("{}"), NULL, NULL, &call) == INVALID_POINTER && call == 7);
    CHECK(kopokopo_call(payments, NULL, 3, TEXT("{}"), done, &waiter, &call) == INVALID_POINTER && call == 7);
    CHECK(kopokopo_with_token_source(NULL, NULL, NULL, NULL, 0, &out) == INVALID_POINTER && is_empty(&out));
    CHECK(kopokopo_with_journal(client, NULL, NULL, NULL, NULL, 0, &out) == INVALID_POINTER && is_empty(&out));
    CHECK(kopokopo_set_language(NULL, 1) == INVALID_POINTER && kopokopo_set_language(TEXT("No Language")) == INVALID_POINTER);
    CHECK(kopokopo_set_log(NULL, NULL) == INVALID_POINTER);
    CHECK(kopokopo_reply_token(1, NULL, 1, -1) == INVALID_POINTER);
    CHECK(kopokopo_reply_text(1, NULL, 1) == INVALID_POINTER && kopokopo_reply_error(1, NULL, 1) == INVALID_POINTER);
    CHECK(kopokopo_verify(client, NULL, 1, NULL, 0, &out) == INVALID_HANDLE);
    CHECK(kopokopo_sign_webhook(TEXT("key"), NULL, 1, &out) == INVALID_POINTER);
    CHECK(waiter.count == 0);
}

static void handles_of_nothing_and_of_other_types_are_errors(void)
{
    KopokopoResult out, data;
    uint64_t none[] = {0, UINT64_MAX, 1ULL << 62};
    uint64_t call = 0;
    Waiter waiter = WAITER;
    CHECK(kopokopo_function(TEXT("version"), NULL, 0, &data) == OK && data.handle != 0 && data.object == 0);
    for (size_t at = 0; at < 3; at++) {
        CHECK(kopokopo_free(none[at]) == INVALID_HANDLE && kopokopo_cancel(none[at]) == INVALID_HANDLE);
        CHECK(kopokopo_reply_token(none[at], TEXT("t"), 1) == INVALID_HANDLE);
        CHECK(kopokopo_call_sync(none[at], TEXT("base_url"), NULL, 0, &out) == INVALID_HANDLE && is_empty(&out));
        CHECK(kopokopo_call_wait(none[at], TEXT("get"), NULL, 0, &out) == INVALID_HANDLE && is_empty(&out));
        CHECK(kopokopo_call(none[at], TEXT("get"), NULL, 0, done, &waiter, &call) == INVALID_HANDLE && call == 0);
        CHECK(kopokopo_verify(none[at], NULL, 0, NULL, 0, &out) == INVALID_HANDLE && is_empty(&out));
    }
    CHECK(kopokopo_call_sync(data.handle, TEXT("base_url"), NULL, 0, &out) == INVALID_HANDLE);
    CHECK(kopokopo_verify(payments, NULL, 0, NULL, 0, &out) == INVALID_HANDLE && is_empty(&out));
    CHECK(kopokopo_cancel(client) == INVALID_HANDLE && kopokopo_cancel(data.handle) == INVALID_HANDLE);
    CHECK(kopokopo_reply_text(client, TEXT("{}")) == INVALID_HANDLE && kopokopo_reply_error(data.handle, TEXT("x")) == INVALID_HANDLE);
    CHECK(kopokopo_with_journal(payments, NULL, NULL, NULL, NULL, 0, &out) == INVALID_POINTER);
    CHECK(kopokopo_call_sync(payments, TEXT("create"), TEXT(PUSH), &out) == ERROR && has(&out, "\"kind\":\"invalid_request\""));
    release_result(&out);
    CHECK(kopokopo_free(data.handle) == OK && kopokopo_free(data.handle) == INVALID_HANDLE);
    CHECK(waiter.count == 0);
}

static void arguments_that_cannot_be_read_are_errors_without_them(void)
{
    KopokopoResult out;
    Waiter waiter = WAITER;
    uint64_t call;
    CHECK(kopokopo_make(TEXT("KopoKopo"), TEXT("new"), TEXT("{\"client_secret\":\"canary-secret\"}"), &out) == ERROR);
    CHECK(has(&out, "\"kind\":\"configuration\"") && has(&out, "client_id") && !has(&out, "canary"));
    release_result(&out);
    CHECK(kopokopo_make(TEXT("KopoKopo"), TEXT("new"), TEXT("{\"canary-secret\""), &out) == ERROR);
    CHECK(has(&out, "\"kind\":\"configuration\"") && !has(&out, "canary"));
    release_result(&out);
    CHECK(kopokopo_make(TEXT("KopoKopo"), TEXT("new"), TEXT("{\"client_secret\":\"\xff\xfe\"}"), &out) == ERROR);
    CHECK(has(&out, "UTF-8"));
    release_result(&out);
    CHECK(kopokopo_make(TEXT("KopoKopo"), TEXT("old"), NULL, 0, &out) == ERROR && has(&out, "old"));
    release_result(&out);
    CHECK(kopokopo_call(payments, TEXT("create"), TEXT("[1,2"), done, &waiter, &call) == OK);
    wait_for(&waiter, 1);
    CHECK(waiter.status == ERROR && has(&waiter.result, "must be a JSON object"));
    release_result(&waiter.result);
    CHECK(kopokopo_call_wait(payments, TEXT("create"), TEXT("{\"amount\":1.5}"), &out) == ERROR);
    CHECK(has(&out, "\"kind\":\"invalid_request\"") && has(&out, "\"operation\":\"incoming_payments.create\""));
    release_result(&out);
}

static void only_the_signature_of_the_body_is_accepted(void)
{
    KopokopoResult out, signature, made;
    static const uint8_t body[] = "{\"topic\":\"a\0b\"}";
    size_t length = sizeof body - 1;
    CHECK(kopokopo_make(TEXT("WebhookVerifier"), TEXT("new"), TEXT("{\"api_keys\":[\"key\"]}"), &made) == OK);
    CHECK(kopokopo_sign_webhook(TEXT("key"), body, length, &signature) == OK);
    /* The length of the text, and a mark before and after it. */
    const char *text = (const char *)signature.data + 5;
    CHECK(signature.length == 4 + 1 + 64 + 1);
    CHECK(kopokopo_verify_signature(made.object, body, length, text, 64, &out) == OK);
    release_result(&out);
    CHECK(kopokopo_verify(made.object, body, length, text, 64, &out) == ERROR && has(&out, "\"kind\":\"decode\""));
    release_result(&out);
    for (size_t shorter = 0; shorter < length; shorter++) {
        CHECK(kopokopo_verify_signature(made.object, body, shorter, text, 64, &out) == ERROR && has(&out, "\"kind\":\"signature\""));
        release_result(&out);
    }
    CHECK(kopokopo_verify_signature(made.object, body, length, text, 63, &out) == ERROR);
    release_result(&out);
    CHECK(kopokopo_verify_signature(made.object, body, length, NULL, 0, &out) == ERROR && has(&out, "\"kind\":\"signature\""));
    release_result(&out);
    CHECK(kopokopo_verify_signature(made.object, body, length, "\xff", 1, &out) == ERROR);
    release_result(&out);
    CHECK(kopokopo_free(made.object) == OK);
    CHECK(kopokopo_verify(made.object, body, length, text, 64, &out) == INVALID_HANDLE && is_empty(&out));
    release_result(&signature);
}

enum { CALLS = 1000 };

static void a_thousand_calls_at_a_time_end_once_each(void)
{
    static Waiter waiters[CALLS];
    uint64_t call;
    for (int at = 0; at < CALLS; at++) {
        Waiter waiter = WAITER;
        waiters[at] = waiter;
        CHECK(kopokopo_call(payments, TEXT("get"), TEXT("{\"id\":\"unknown\"}"), done, &waiters[at], &call) == OK && call != 0);
    }
    for (int at = 0; at < CALLS; at++) {
        wait_for(&waiters[at], 1);
        CHECK(waiters[at].status == ERROR && has(&waiters[at].result, "\"kind\":\"not_found\""));
        release_result(&waiters[at].result);
    }
}

typedef struct {
    Waiter waiter;
    uint64_t call;
    KopokopoStatus waited, cancelled, asked;
} Within;

static void ended(void *user, KopokopoStatus status, uint64_t handle, const uint8_t *data, size_t length, uint64_t object)
{
    KopokopoResult result = {handle, data, length, object};
    done(user, status, &result);
}

/* The data is read after the function returned, and after the call. */
static void results_by_value_can_be_read_until_they_are_freed(void)
{
    Waiter waiter = WAITER;
    uint64_t call = 0;
    CHECK(kopokopo_call_by_value(payments, TEXT("create"), TEXT(PUSH), ended, &waiter, &call) == OK && call != 0);
    wait_for(&waiter, 1);
    CHECK(waiter.status == OK && waiter.result.object != 0 && waiter.result.handle == 0 && waiter.result.data == NULL);
    kopokopo_finalize((void *)(uintptr_t)waiter.result.object);
    CHECK(kopokopo_free(waiter.result.object) == INVALID_HANDLE);
    CHECK(kopokopo_call_by_value(payments, TEXT("get"), TEXT("{\"id\":\"\"}"), ended, &waiter, NULL) == OK);
    wait_for(&waiter, 2);
    CHECK(waiter.status == ERROR && waiter.result.object == 0 && has(&waiter.result, "\"kind\":\"invalid_request\""));
    CHECK(kopokopo_free(waiter.result.handle) == OK && kopokopo_free(waiter.result.handle) == INVALID_HANDLE);
    kopokopo_finalize(NULL);
}

static void done_within(void *user, KopokopoStatus status, const KopokopoResult *result)
{
    Within *within = user;
    KopokopoResult out;
    within->waited = kopokopo_call_wait(payments, TEXT("get"), TEXT("{\"id\":\"x\"}"), &out);
    CHECK(is_empty(&out));
    within->cancelled = kopokopo_cancel(within->call);
    within->asked = kopokopo_call_sync(client, TEXT("base_url"), NULL, 0, &out);
    release_result(&out);
    done(&within->waiter, status, result);
}

static void a_done_function_may_call_everything_but_a_call_that_waits(void)
{
    static Within within = {.waiter = WAITER};
    CHECK(kopokopo_call(payments, TEXT("get"), TEXT("{\"id\":\"x\"}"), done_within, &within, &within.call) == OK);
    wait_for(&within.waiter, 1);
    CHECK(within.waited == WRONG_THREAD && within.cancelled == INVALID_HANDLE && within.asked == OK);
    release_result(&within.waiter.result);
}

static void *free_twice(void *handles)
{
    long freed = 0;
    for (int at = 0; at < CALLS; at++) freed += kopokopo_free(((uint64_t *)handles)[at]) == OK;
    return (void *)freed;
}

static void of_several_threads_one_frees_a_handle(void)
{
    static uint64_t handles[CALLS];
    pthread_t threads[4];
    long freed = 0;
    for (int at = 0; at < CALLS; at++) {
        KopokopoResult out;
        CHECK(kopokopo_function(TEXT("version"), NULL, 0, &out) == OK);
        handles[at] = out.handle;
    }
    for (int at = 0; at < 4; at++) CHECK(pthread_create(&threads[at], NULL, free_twice, handles) == 0);
    for (int at = 0; at < 4; at++) {
        void *own;
        pthread_join(threads[at], &own);
        freed += (long)own;
    }
    CHECK(freed == CALLS);
}

void asking(void);
void ending(uint64_t client);

int main(void)
{
    KopokopoResult out;
    CHECK(strlen(kopokopo_contract()) == 16 && strchr(kopokopo_version(), '.') != NULL);
    CHECK(kopokopo_set_language(TEXT("ctest")) == OK && kopokopo_set_language(TEXT("again")) == ALREADY_SET);
    CHECK(kopokopo_make(TEXT("KopoKopo"), TEXT("from_env"), NULL, 0, &out) == OK);
    client = out.object;
    payments = object_of(client, "incoming_payments");
    null_pointers_are_errors();
    handles_of_nothing_and_of_other_types_are_errors();
    arguments_that_cannot_be_read_are_errors_without_them();
    only_the_signature_of_the_body_is_accepted();
    a_thousand_calls_at_a_time_end_once_each();
    results_by_value_can_be_read_until_they_are_freed();
    a_done_function_may_call_everything_but_a_call_that_waits();
    of_several_threads_one_frees_a_handle();
    asking();
    CHECK(kopokopo_free(payments) == OK);
    ending(client);
    return failures == 0 ? 0 : 1;
}
