/* Forks. The child leaves the memory of its parent's threads alone on purpose, so this is not run under valgrind. */
#include "harness.h"

enum { CHILDREN = 50 };

int failures;
static int is_over;

static void *make_handles(void *none)
{
    KopokopoResult out;
    while (!__atomic_load_n(&is_over, __ATOMIC_SEQ_CST)) {
        CHECK(kopokopo_function(TEXT("version"), NULL, 0, &out) == OK);
        release_result(&out);
    }
    return none;
}

static bool is_unknown(uint64_t payments)
{
    KopokopoResult out;
    return kopokopo_call_wait(payments, TEXT("get"), TEXT("{\"id\":\"unknown\"}"), &out) == ERROR &&
           has(&out, "\"kind\":\"not_found\"") && kopokopo_free(out.handle) == OK;
}

/* Other threads of the parent use the library while it forks. */
static void children_use_objects_of_their_parent(uint64_t payments)
{
    pthread_t threads[2];
    CHECK(is_unknown(payments));
    for (int at = 0; at < 2; at++) CHECK(pthread_create(&threads[at], NULL, make_handles, NULL) == 0);
    for (int at = 0; at < CHILDREN; at++) {
        pid_t child = fork();
        if (child == 0) {
            /* A child that hangs ends. */
            alarm(LONGEST_SECONDS);
            _exit(is_unknown(payments) ? 0 : 1);
        }
        int status = -1;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    __atomic_store_n(&is_over, 1, __ATOMIC_SEQ_CST);
    for (int at = 0; at < 2; at++) pthread_join(threads[at], NULL);
    CHECK(is_unknown(payments));
}

int main(void)
{
    KopokopoResult out;
    CHECK(kopokopo_make(TEXT("KopoKopo"), TEXT("from_env"), NULL, 0, &out) == OK);
    uint64_t payments = object_of(out.object, "incoming_payments");
    children_use_objects_of_their_parent(payments);
    CHECK(kopokopo_free(payments) == OK && kopokopo_free(out.object) == OK && kopokopo_shutdown() == OK);
    return failures == 0 ? 0 : 1;
}
