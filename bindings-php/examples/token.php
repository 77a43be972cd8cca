<?php

// An endpoint that gives access tokens to a mobile app. The client secret stays on this server.
//
// k2 sandbox                # in another terminal: prints the variables to export here
// APP_SESSIONS=amina=her-session TOKENS_DATABASE=/var/lib/shop/tokens.db php -S 127.0.0.1:8000 token.php
// curl -X POST -H 'Authorization: Bearer her-session' http://127.0.0.1:8000/k2/token
//
// The response is {"token": "...", "expires_in": 3600}, with the seconds until the token expires. 401: not signed in.
// 429: too many requests, see Retry-After. 503: no token available.
//
// After a 401 from Kopo Kopo, the app sends {"refused": true} and gets a different token. The app knows about the 401
// because its token source is called although its last token has more than five minutes left.
//
// Limits: Kopo Kopo has no token with fewer permissions. A token from the app can do everything the application can,
// including sending money, until it expires. Use this only for users you know, such as staff and partners. For all
// other users, make the payment on the server. Serve this over https only.
//
// PHP forgets its variables after each request, so the token and the counts are in a file of SQLite, which only this
// user can read. Its lock also makes concurrent requests share one fetch. Several servers need a shared database.

declare(strict_types=1);

use KopoKopo\Client;
use KopoKopo\Exception\KopoKopoException;

require_once getenv('TOKENS_AUTOLOAD') ?: __DIR__ . '/vendor/autoload.php';

const MAX_REQUESTS = 6;      // of each user, in
const WINDOW = 60;           // seconds
const REFUSAL_PAUSE = 5;     // seconds between new tokens because of "refused", for all users together
const RENEW_BEFORE = 600;    // seconds before it expires, a token is renewed
const MAX_BODY = 1000;       // bytes

/** A response other than a token. */
final class HttpError extends RuntimeException
{
    /** @param array<string, string> $headers */
    public function __construct(public readonly int $status, string $message, public readonly array $headers = [])
    {
        parent::__construct($message);
    }

    public static function tooMany(float $seconds): self
    {
        return new self(429, 'too many requests', ['Retry-After' => (string) max(1, (int) ceil($seconds))]);
    }
}

/** Returns the signed-in user. Replace this by your app's own sign-in, which must also refuse blocked users. */
function signedIn(#[SensitiveParameter] string $authorization): string
{
    $given = preg_match('/^Bearer +(\S+)$/i', trim($authorization), $found) === 1 ? $found[1] : '';
    $user = null;
    foreach (explode(',', (string) getenv('APP_SESSIONS')) as $pair) {
        [$name, $session] = explode('=', $pair, 2) + ['', ''];
        // Compares all sessions in constant time, so that the duration reveals nothing.
        if (hash_equals(hash('sha256', $session), hash('sha256', $given)) && $session !== '') {
            $user = $name;
        }
    }

    return $user ?? throw new HttpError(401, 'sign in first', ['WWW-Authenticate' => 'Bearer']);
}

/** Whether the body says that the last token was refused. */
function isRefusal(): bool
{
    $body = (string) file_get_contents('php://input', false, null, 0, MAX_BODY + 1);
    if (strlen($body) > MAX_BODY) {
        throw new HttpError(413, 'body too large');
    }
    $content = json_decode($body === '' ? '{}' : $body, true, 8);

    return json_last_error() === JSON_ERROR_NONE ? ($content['refused'] ?? null) === true : throw new HttpError(400, 'invalid JSON');
}

/** What all processes share. */
function database(): PDO
{
    umask(0o077);
    $database = new PDO('sqlite:' . getenv('TOKENS_DATABASE'), null, null, [PDO::ATTR_TIMEOUT => 20]);
    $database->exec('CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, requests TEXT NOT NULL, last INTEGER)');
    $database->exec('CREATE TABLE IF NOT EXISTS tokens (id INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT, renew_at REAL, expires_at REAL)');
    $database->exec('CREATE TABLE IF NOT EXISTS refusals (allowed_from REAL)');

    return $database;
}

/** @param list<mixed> $values */
function run(PDO $database, string $sql, #[SensitiveParameter] array $values = []): array
{
    $statement = $database->prepare($sql);
    $statement->execute($values);

    return $statement->fetchAll(PDO::FETCH_ASSOC);
}

/** Counts a request of a user. Returns the id of the user's last token. */
function countRequest(PDO $database, string $user): ?int
{
    $known = run($database, 'SELECT requests, last FROM users WHERE name = ?', [$user])[0] ?? ['requests' => '[]', 'last' => null];
    $recent = array_values(array_filter(json_decode($known['requests']), static fn (float $time) => $time > microtime(true) - WINDOW));
    if (count($recent) >= MAX_REQUESTS) {
        throw HttpError::tooMany($recent[0] + WINDOW - microtime(true));
    }
    $recent[] = microtime(true);
    run($database, 'REPLACE INTO users (name, requests, last) VALUES (?, ?, ?)', [$user, json_encode($recent), $known['last']]);

    return $known['last'] === null ? null : (int) $known['last'];
}

/**
 * Returns a token other than the refused one. Fetches nothing if the refused token was replaced before.
 *
 * @return array{id: int, token: string, renew_at: float, expires_at: float}
 */
function tokenOtherThan(PDO $database, ?int $refused): array
{
    $cached = run($database, 'SELECT * FROM tokens ORDER BY id DESC LIMIT 1')[0] ?? null;
    $isRefused = $refused !== null && $cached !== null && $refused === (int) $cached['id'];
    $now = microtime(true);
    if (!$isRefused && $cached !== null && $now < $cached['renew_at']) {
        return $cached;
    }
    if ($isRefused) {
        $allowedFrom = (float) (run($database, 'SELECT allowed_from FROM refusals')[0]['allowed_from'] ?? 0);
        if ($now < $allowedFrom) {
            throw HttpError::tooMany($allowedFrom - $now);
        }
        run($database, 'DELETE FROM refusals');
        run($database, 'INSERT INTO refusals VALUES (?)', [$now + REFUSAL_PAUSE]);
    }
    try {
        // The app's timeout is ten seconds.
        $token = Client::fromEnv()->withOptions(timeout: 8)->oauth->token();
    } catch (KopoKopoException $error) {
        error_log("no token from Kopo Kopo: {$error->kind()}");
        // If the renewal fails, the old token is used until it expires.
        if (!$isRefused && $cached !== null && $now < $cached['expires_at']) {
            return $cached;
        }
        throw new HttpError(503, 'no token available');
    }
    $lifetime = $token->expiresIn ?? 3600;
    run($database, 'DELETE FROM tokens');
    $times = [$now + $lifetime - min(RENEW_BEFORE, $lifetime / 4), $now + $lifetime];
    run($database, 'INSERT INTO tokens (token, renew_at, expires_at) VALUES (?, ?, ?)', [$token->accessToken, ...$times]);

    return run($database, 'SELECT * FROM tokens')[0];
}

/** @return array{token: string, expires_in: int} */
function respond(): array
{
    if ([$_SERVER['REQUEST_METHOD'], parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)] !== ['POST', '/k2/token']) {
        throw new HttpError(404, 'not found');
    }
    // Apache removes this header, unless `CGIPassAuth On` is set.
    $user = signedIn($_SERVER['HTTP_AUTHORIZATION'] ?? '');
    $isRefusal = isRefusal();
    $database = database();
    // It waits for the requests before, so they share one fetch.
    $database->exec('BEGIN IMMEDIATE');
    try {
        $last = countRequest($database, $user);
        $token = tokenOtherThan($database, $isRefusal ? $last : null);
        run($database, 'UPDATE users SET last = ? WHERE name = ?', [$token['id'], $user]);
    } finally {
        // Also after an error: the request is counted.
        $database->exec('COMMIT');
    }
    $left = max(0, (int) ($token['expires_at'] - microtime(true)));
    error_log("token for {$user}, expires in {$left} s");

    return ['token' => $token['token'], 'expires_in' => $left];
}

header('Cache-Control: no-store');
header('Content-Type: application/json');
try {
    $response = respond();
} catch (HttpError $error) {
    http_response_code($error->status);
    foreach ($error->headers as $name => $value) {
        header("{$name}: {$value}");
    }
    $response = ['error' => $error->getMessage()];
} catch (Throwable $error) {
    // The message may contain a secret.
    error_log($error::class);
    http_response_code(500);
    $response = ['error' => 'internal error'];
}
echo json_encode($response);
