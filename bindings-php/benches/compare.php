<?php

// Measures against what a PHP program would write by hand, in the same process and in turns, and prints a line for each:
// `K2_PHP_EXTENSION=$(php bindings-php/build.php) sh bindings-php/php.sh bindings-php/benches/compare.php`.

declare(strict_types=1);

use GuzzleHttp\Client as Guzzle;
use K2Test\Support\Fpm;
use K2Test\Support\Sandbox;
use KopoKopo\WebhookVerifier;

require_once __DIR__ . '/../tests/Support/load.php';
require_once __DIR__ . '/typed.php';
if (!\is_file('/usr/share/php/GuzzleHttp/autoload.php') || !\extension_loaded('curl')) {
    \fwrite(\STDERR, "Guzzle or curl is missing: apt-get install php-guzzlehttp-guzzle php-curl\n");
    exit(1);
}
require_once '/usr/share/php/GuzzleHttp/autoload.php';

const KEY = 'a-key-of-a-benchmark';

/**
 * The seconds of one call of each, the median of all rounds. Rounds are short, so that what else the machine does slows all of
 * them.
 *
 * @param array<string, Closure(): mixed> $works
 * @return array<string, float>
 */
function compare(int $count, int $rounds, array $works): array
{
    $times = [];
    foreach ($works as $work) {
        $work();
    }
    for ($round = 0; $round < $rounds; ++$round) {
        foreach ($works as $name => $work) {
            $started = \hrtime(true);
            for ($call = 0; $call < $count; ++$call) {
                $work();
            }
            $times[$name][] = (\hrtime(true) - $started) / 1e9 / $count;
        }
    }

    return \array_map(static function (array $found) use ($rounds): float {
        \sort($found);

        return $found[(int) ($rounds / 2)];
    }, $times);
}

function measured(string $id, float $ours, ?float $baseline, string $unit): void
{
    $round = static fn (?float $value) => $value === null ? null : \round($value, 2);
    echo 'measured ', \json_encode(['id' => $id, 'ours' => $round($ours), 'baseline' => $round($baseline), 'unit' => $unit], \JSON_UNESCAPED_SLASHES), "\n";
}

$php = 'php/' . \PHP_MAJOR_VERSION . '.' . \PHP_MINOR_VERSION;

$webhooks = static function () use ($php): void {
    $body = Sandbox::payload('webhook-buygoods_transaction_received');
    $signature = KopoKopo\signWebhook(KEY, $body);
    $verifier = new WebhookVerifier(apiKeys: [KEY]);
    // Both make the same.
    typed($body) == $verifier->verify($body, $signature) || throw new RuntimeException('the objects differ');
    $check = static function () use ($body, $signature): void {
        \hash_equals(\hash_hmac('sha256', $body, KEY), $signature) || throw new RuntimeException('invalid signature');
    };
    $found = compare(50, 401, [
        'ours' => static fn () => $verifier->verify($body, $signature),
        'own' => static function () use ($body, $check): array {
            $check();

            return \json_decode($body, true, 64, \JSON_THROW_ON_ERROR);
        },
        'typed' => static function () use ($body, $check): object {
            $check();

            return typed($body);
        },
    ]);
    measured("{$php}/verify_parse/own", $found['ours'] * 1e6, $found['own'] * 1e6, 'us');
    measured("{$php}/verify_parse/typed", $found['ours'] * 1e6, $found['typed'] * 1e6, 'us');
};

$creates = static function () use ($php): void {
    $sandbox = Sandbox::shared();
    $client = $sandbox->client(freshConnections: false);
    $fresh = $sandbox->client();
    $url = $sandbox->credentials()['base_url'] . '/api/v2/incoming_payments';
    $token = $client->oauth->token()->accessToken;
    $request = [
        'payment_channel' => 'M-PESA STK Push', 'till_number' => 'K000000', 'subscriber' => ['phone_number' => '+254712345678'],
        'amount' => ['currency' => 'KES', 'value' => '100'], '_links' => ['callback_url' => Sandbox::PUSH['callbackUrl']],
    ];
    $headers = ['Content-Type' => 'application/json', 'Accept' => 'application/json', 'Authorization' => "Bearer {$token}"];
    $lines = \array_map(static fn (string $name) => "{$name}: {$headers[$name]}", \array_keys($headers));
    $post = static function (CurlHandle $handle) use ($url, $request, $lines): string {
        $location = '';
        \curl_setopt_array($handle, [
            \CURLOPT_URL => $url, \CURLOPT_POST => true, \CURLOPT_POSTFIELDS => \json_encode($request), \CURLOPT_HTTPHEADER => $lines,
            \CURLOPT_RETURNTRANSFER => true, \CURLOPT_TIMEOUT => 45,
            \CURLOPT_HEADERFUNCTION => static function (CurlHandle $handle, string $line) use (&$location): int {
                \str_starts_with(\strtolower($line), 'location:') && $location = \trim(\substr($line, 9));

                return \strlen($line);
            },
        ]);
        \curl_exec($handle);
        \curl_getinfo($handle, \CURLINFO_RESPONSE_CODE) === 201 || throw new RuntimeException(\curl_error($handle));

        return \basename($location);
    };
    $handle = \curl_init();
    $guzzle = new Guzzle(['timeout' => 45]);
    $found = compare(5, 101, [
        'ours' => static fn () => $client->incomingPayments->create(...Sandbox::PUSH)->id(),
        'curl' => static fn () => $post($handle),
        'guzzle' => static function () use ($guzzle, $url, $headers, $request): string {
            $response = $guzzle->post($url, ['headers' => $headers, 'json' => $request]);
            $response->getStatusCode() === 201 || throw new RuntimeException("status {$response->getStatusCode()}");

            return \basename($response->getHeaderLine('Location'));
        },
        // As by default, so that no create is sent on a connection that the server closes at that moment.
        'fresh' => static fn () => $fresh->incomingPayments->create(...Sandbox::PUSH)->id(),
        'fresh_curl' => static fn () => $post(\curl_init()),
    ]);
    measured("{$php}/create_1/curl", $found['ours'] * 1e6, $found['curl'] * 1e6, 'us');
    measured("{$php}/create_1/guzzle", $found['ours'] * 1e6, $found['guzzle'] * 1e6, 'us');
    measured("{$php}/create_1/fresh", $found['fresh'] * 1e6, $found['fresh_curl'] * 1e6, 'us');
};

// What each of two workers of PHP-FPM has of its own after 100 verified webhooks, with the package and without. What one worker alone
// has of the extension's file is no cost of each.
$memory = static function (): void {
    $measured = [];
    foreach (['without' => [], 'with' => Fpm::extension()] as $name => $options) {
        $fpm = new Fpm(Sandbox::shared(), __DIR__ . '/../tests/fpm', $options, [], 2);
        $sizes = [];
        for ($number = 0; $number < 100; ++$number) {
            [$worker, $size] = \json_decode($fpm->request('/memory.php', 'POST', Sandbox::payload('result-incoming-payment-success'))->body);
            $sizes[$worker] = $size;
        }
        $measured[$name] = \max($sizes);
        $fpm->close();
    }
    measured('php/memory', ($measured['with'] - $measured['without']) * 1024 / 1e6, null, 'MB');
};

$webhooks();
$creates();
if (\PHP_VERSION_ID < 80300) {
    $memory();
}
