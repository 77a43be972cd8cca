/* Token sources, stores of a journal, cancelled calls, and the end of the library. */
#include "harness.h"

void asking(void);
void ending(uint64_t client);

/* A program's part: what it was asked, and how often it was released. */
typedef struct {
    Waiter asked;
    uint64_t reply;
    const char *token;
    int released;
} Program;

static void ask(void *user, uint64_t reply)
{
    Program *program = user;
    KopokopoResult none = {0, NULL, 0, 0};
    program->reply = reply;
    if (program->token != NULL) {
        CHECK(kopokopo_reply_text(reply, TEXT("{}")) == INVALID_HANDLE);
        CHECK(kopokopo_reply_token(reply, program->token, strlen(program->token), 3600) == OK);
        CHECK(kopokopo_reply_token(reply, TEXT("another"), 3600) == INVALID_HANDLE);
        CHECK(kopokopo_reply_error(reply, TEXT("too late")) == INVALID_HANDLE);
    }
    done(&program->asked, OK, &none);
}

static void release(void *user)
{
    __atomic_add_fetch(&((Program *)user)->released, 1, __ATOMIC_SEQ_CST);
}

static uint64_t client_at(Program *program, int port)
{
    char options[128];
    KopokopoResult out;
    int length = snprintf(options, sizeof options, "{\"base_url\":\"http://127.0.0.1:%d\",\"max_retries\":0}", port);
    CHECK(kopokopo_with_token_source(ask, program, release, options, (size_t)length, &out) == OK);
    return out.object;
}

static uint64_t section(uint64_t client)
{
    uint64_t found = object_of(client, "incoming_payments");
    CHECK(kopokopo_free(client) == OK);
    return found;
}

static void user_is_released_once_also_after_a_failure(void)
{
    static Program program = {.asked = WAITER};
    KopokopoResult out;
    CHECK(kopokopo_with_token_source(ask, &program, release, TEXT("{\"other\":1}"), &out) == ERROR && has(&out, "configuration"));
    release_result(&out);
    CHECK(program.released == 1);
    CHECK(kopokopo_with_token_source(NULL, &program, release, NULL, 0, &out) == INVALID_POINTER && program.released == 2);
    CHECK(kopokopo_with_token_source(ask, &program, release, NULL, 0, NULL) == INVALID_POINTER && program.released == 3);
    CHECK(kopokopo_free(client_at(&program, 9)) == OK && program.released == 4);
}

static void a_read_that_is_cancelled_is_cancelled_once(void)
{
    static Program program = {.asked = WAITER};
    uint64_t payments = section(client_at(&program, 9)), call, other;
    Waiter waiter = WAITER, freed = WAITER;
    CHECK(kopokopo_call(payments, TEXT("get"), TEXT("{\"id\":\"x\"}"), done, &waiter, &call) == OK);
    CHECK(kopokopo_call(payments, TEXT("get"), TEXT("{\"id\":\"x\"}"), done, &freed, &other) == OK);
    wait_for(&program.asked, 1);
    CHECK(kopokopo_cancel(call) == OK && kopokopo_cancel(call) == INVALID_HANDLE && kopokopo_free(call) == INVALID_HANDLE);
    wait_for(&waiter, 1);
    CHECK(waiter.status == CANCELLED && is_empty(&waiter.result));
    /* A call without a handle goes on. A reply that is freed is a failure of the program. */
    CHECK(kopokopo_free(other) == OK && kopokopo_cancel(other) == INVALID_HANDLE && freed.count == 0);
    CHECK(kopokopo_free(payments) == OK);
    CHECK(kopokopo_free(program.reply) == OK && kopokopo_reply_token(program.reply, TEXT("t"), 1) == INVALID_HANDLE);
    wait_for(&freed, 1);
    CHECK(freed.status == ERROR && has(&freed.result, "\"kind\":\"authentication\"") && waiter.count == 1);
    release_result(&freed.result);
    CHECK(program.released == 1);
}

static void reasons_of_a_token_source_are_in_the_error(void)
{
    static Program program = {.asked = WAITER};
    uint64_t payments = section(client_at(&program, 9));
    Waiter waiter = WAITER;
    CHECK(kopokopo_call(payments, TEXT("get"), TEXT("{\"id\":\"x\"}"), done, &waiter, NULL) == OK);
    wait_for(&program.asked, 1);
    CHECK(kopokopo_reply_error(program.reply, TEXT("signed out")) == OK);
    wait_for(&waiter, 1);
    CHECK(waiter.status == ERROR && has(&waiter.result, "signed out"));
    release_result(&waiter.result);
    CHECK(kopokopo_call(payments, TEXT("get"), TEXT("{\"id\":\"x\"}"), done, &waiter, NULL) == OK);
    wait_for(&program.asked, 2);
    CHECK(kopokopo_reply_token(program.reply, "\xff", 1, 3600) == OK);
    wait_for(&waiter, 2);
    CHECK(waiter.status == ERROR && has(&waiter.result, "UTF-8"));
    release_result(&waiter.result);
    CHECK(kopokopo_free(payments) == OK);
}

static void a_sent_create_that_is_cancelled_has_an_unknown_outcome(void)
{
    static Program program = {.asked = WAITER, .token = "token"};
    Server server;
    Waiter waiter = WAITER;
    uint64_t call;
    start_server(&server, false);
    uint64_t payments = section(client_at(&program, server.port));
    CHECK(kopokopo_call(payments, TEXT("create"), TEXT(PUSH), done, &waiter, &call) == OK);
    wait_for(&server.requests, 1);
    CHECK(kopokopo_cancel(call) == OK && kopokopo_cancel(call) == INVALID_HANDLE);
    wait_for(&waiter, 1);
    CHECK(waiter.status == ERROR && has(&waiter.result, "\"kind\":\"outcome_unknown\"") && !has(&waiter.result, "712345678"));
    CHECK(has(&waiter.result, "\"operation\":\"incoming_payments.create\"") && !has(&waiter.result, "\"sent_at\":null"));
    release_result(&waiter.result);
    CHECK(kopokopo_free(payments) == OK);
    stop_server(&server);
    CHECK(waiter.count == 1 && server.requests.count == 1);
}

static Waiter logged = WAITER;

static void write_log(void *user, const char *text, size_t length)
{
    KopokopoResult none = {0, NULL, 0, 0}, line = {0, (const uint8_t *)text, length, 0};
    CHECK(user == &logged && has(&line, "incoming_payments.create") && !has(&line, "712345678") && !has(&line, "token-canary"));
    done(&logged, OK, &none);
}

static void an_unknown_outcome_is_logged(void)
{
    static Program program = {.asked = WAITER, .token = "token-canary"};
    Server server;
    KopokopoResult out;
    CHECK(kopokopo_set_log(write_log, &logged) == OK && kopokopo_set_log(write_log, NULL) == ALREADY_SET);
    start_server(&server, true);
    uint64_t payments = section(client_at(&program, server.port));
    CHECK(kopokopo_call_wait(payments, TEXT("create"), TEXT(PUSH), &out) == ERROR && has(&out, "\"kind\":\"outcome_unknown\""));
    CHECK(!has(&out, "token-canary"));
    release_result(&out);
    wait_for(&logged, 1);
    CHECK(kopokopo_free(payments) == OK);
    stop_server(&server);
}

static void execute(void *user, uint64_t reply, const char *request, size_t length)
{
    Program *program = user;
    KopokopoResult none = {0, NULL, 0, 0}, text = {0, (const uint8_t *)request, length, 0};
    CHECK(has(&text, "\"operation\":\"get\""));
    CHECK(kopokopo_reply_token(reply, TEXT("t"), 1) == INVALID_HANDLE);
    if (program->token == NULL) CHECK(kopokopo_reply_error(reply, TEXT("the disk is full")) == OK);
    else CHECK(kopokopo_reply_text(reply, program->token, strlen(program->token)) == OK);
    CHECK(kopokopo_reply_text(reply, TEXT("null")) == INVALID_HANDLE);
    done(&program->asked, OK, &none);
}

static void results_of_a_store_are_read_or_refused(uint64_t client)
{
    static Program program = {.asked = WAITER};
    static const char *results[] = {NULL, "{", "\xff", "17", "null"};
    static const char *expected[] = {"the disk is full", "another form", "UTF-8", "another form", NULL};
    KopokopoResult made, out;
    CHECK(kopokopo_with_journal(client, execute, &program, release, TEXT("{\"dialect\":\"cobol\"}"), &out) == ERROR && program.released == 1);
    release_result(&out);
    CHECK(kopokopo_with_journal(client, execute, &program, release, NULL, 0, &made) == OK);
    uint64_t journal = object_of(made.object, "journal");
    for (int at = 0; at < 5; at++) {
        program.token = results[at];
        KopokopoStatus status = kopokopo_call_wait(journal, TEXT("get"), TEXT("{\"key\":\"order-1\"}"), &out);
        if (expected[at] == NULL) CHECK(status == OK && out.length == 4 + 3);
        else CHECK(status == ERROR && has(&out, "\"kind\":\"journal\"") && has(&out, expected[at]));
        release_result(&out);
    }
    CHECK(kopokopo_free(journal) == OK && kopokopo_free(made.object) == OK && program.released == 2);
}

void asking(void)
{
    user_is_released_once_also_after_a_failure();
    a_read_that_is_cancelled_is_cancelled_once();
    reasons_of_a_token_source_are_in_the_error();
    an_unknown_outcome_is_logged();
    /* It is logged too, after the server has closed its connection. */
    a_sent_create_that_is_cancelled_has_an_unknown_outcome();
}

static KopokopoResult waited;

static void *wait_for_a_create(void *payments)
{
    CHECK(kopokopo_call_wait(*(uint64_t *)payments, TEXT("create"), TEXT(PUSH), &waited) == ERROR);
    return NULL;
}

/* The last test: afterwards nothing works. */
void ending(uint64_t client)
{
    static Program silent = {.asked = WAITER}, program = {.asked = WAITER, .token = "token"};
    Server server;
    Waiter read = WAITER, sent = WAITER;
    KopokopoResult data, out;
    uint64_t call;
    results_of_a_store_are_read_or_refused(client);
    start_server(&server, false);
    uint64_t waits = section(client_at(&silent, 9)), payments = section(client_at(&program, server.port));
    CHECK(kopokopo_function(TEXT("version"), NULL, 0, &data) == OK);
    CHECK(kopokopo_call(waits, TEXT("get"), TEXT("{\"id\":\"x\"}"), done, &read, &call) == OK);
    CHECK(kopokopo_call(payments, TEXT("create"), TEXT(PUSH), done, &sent, NULL) == OK);
    pthread_t waits_too;
    CHECK(pthread_create(&waits_too, NULL, wait_for_a_create, &payments) == 0);
    wait_for(&silent.asked, 1);
    wait_for(&server.requests, 2);
    CHECK(kopokopo_shutdown() == OK && kopokopo_shutdown() == SHUT_DOWN);
    wait_for(&read, 1);
    wait_for(&sent, 1);
    pthread_join(waits_too, NULL);
    CHECK(has(&waited, "\"kind\":\"outcome_unknown\"") && !has(&waited, "\"sent_at\":null"));
    release_result(&waited);
    CHECK(read.status == ERROR && has(&read.result, "\"kind\":\"configuration\""));
    CHECK(sent.status == ERROR && has(&sent.result, "\"kind\":\"outcome_unknown\""));
    CHECK(kopokopo_call(payments, TEXT("create"), TEXT(PUSH), done, &sent, &call) == SHUT_DOWN);
    CHECK(kopokopo_call_wait(payments, TEXT("create"), TEXT(PUSH), &out) == SHUT_DOWN && is_empty(&out));
    CHECK(kopokopo_call_sync(client, TEXT("base_url"), NULL, 0, &out) == SHUT_DOWN && is_empty(&out));
    CHECK(kopokopo_make(TEXT("KopoKopo"), TEXT("from_env"), NULL, 0, &out) == SHUT_DOWN && is_empty(&out));
    CHECK(kopokopo_function(TEXT("version"), NULL, 0, &out) == SHUT_DOWN && kopokopo_cancel(call) == SHUT_DOWN);
    CHECK(kopokopo_with_token_source(ask, &program, release, NULL, 0, &out) == SHUT_DOWN && program.released == 1);
    CHECK(kopokopo_with_journal(client, execute, &program, release, NULL, 0, &out) == SHUT_DOWN && program.released == 2);
    CHECK(kopokopo_verify(client, NULL, 0, NULL, 0, &out) == SHUT_DOWN && kopokopo_verify_signature(client, NULL, 0, NULL, 0, &out) == SHUT_DOWN);
    CHECK(kopokopo_parse_unverified(client, NULL, 0, &out) == SHUT_DOWN && kopokopo_sign_webhook(TEXT("k"), NULL, 0, &out) == SHUT_DOWN);
    CHECK(kopokopo_reply_token(silent.reply, TEXT("t"), 1) == SHUT_DOWN && kopokopo_reply_error(silent.reply, TEXT("x")) == SHUT_DOWN);
    CHECK(kopokopo_reply_text(silent.reply, TEXT("{}")) == SHUT_DOWN);
    CHECK(kopokopo_set_language(TEXT("c")) == SHUT_DOWN && kopokopo_set_log(write_log, NULL) == SHUT_DOWN);
    CHECK(has(&data, kopokopo_version()));
    release_result(&data);
    release_result(&read.result);
    release_result(&sent.result);
    CHECK(kopokopo_free(silent.reply) == OK && kopokopo_free(waits) == OK && kopokopo_free(payments) == OK);
    CHECK(kopokopo_free(client) == OK && kopokopo_free(client) == INVALID_HANDLE);
    CHECK(silent.released == 1 && program.released == 3);
    stop_server(&server);
    CHECK(read.count == 1 && sent.count == 1);
}
