<?php

// Performs the requests of the conformance runner with this package. tests/conformance.md describes them. Each request runs
// in a fiber, so that a slow call does not delay the next.

declare(strict_types=1);

use KopoKopo\Client;
use KopoKopo\Exception\KopoKopoException;
use KopoKopo\WebhookVerifier;

\error_reporting(\E_ALL);
\set_error_handler(static fn (int $level, string $text) => throw new ErrorException($text, 0, $level));
\ini_set('display_errors', 'stderr');
require __DIR__ . '/../php/autoload.php';
require __DIR__ . '/Tagged.php';
require __DIR__ . '/Surface.php';

final class Testee
{
    /** @var array<string, Client> */
    private array $clients = [];

    private const HELLO = [
        'language' => 'php',
        'engines' => ['sync'],
        'timestamp_digits' => 6,
        'keeps_offsets' => true,
        'journal' => true,
        'untyped' => ['$amount'],
    ];

    /** @return array<string, mixed> The response to a request, without its id. */
    public function respond(stdClass $request): array
    {
        $texts = null;
        try {
            if (\in_array($request->do, ['hello', 'surface'], true)) {
                return ['value' => $request->do === 'hello' ? self::HELLO : Surface::of()];
            }
            $texts = $this->{$request->do}($request);
            $response = ['value' => $texts instanceof Client ? null : Tagged::of($texts)];
        } catch (KopoKopoException $error) {
            $texts = $error;
            $response = ['error' => Tagged::error($error)];
        } catch (TypeError | ArgumentCountError $error) {
            return ['unsupported' => $error->getMessage()];
        } catch (Throwable $error) {
            return ['exception' => $error::class . ': ' . $error->getMessage() . ' ' . $error->getTraceAsString()];
        }

        return ($request->texts ?? false) ? [...$response, 'texts' => self::texts($texts)] : $response;
    }

    private function client(stdClass $request): Client
    {
        $client = new Client(...self::options($request->options));
        if (isset($request->journal)) {
            $url = $request->journal->url;
            $options = self::options($request->journal->options ?? new stdClass());
            $client = $client->withJournal(static fn (string $body) => self::post($url, $body), ...$options);
        }

        return $this->clients[$request->client] = $client;
    }

    private function call(stdClass $request): mixed
    {
        $client = $this->clients[$request->client];
        if (isset($request->options)) {
            $client = $client->withOptions(...self::options($request->options));
        }
        [$section, $method] = \array_map(Tagged::camel(...), \explode('.', $request->operation));
        $given = Tagged::named(Tagged::from($request->with ?? new stdClass()));
        $wait = isset($request->wait) ? self::options($request->wait) : null;
        if (\in_array($method, ['wait', 'watch'], true)) {
            $found = $client->$section->$method(...$given, ...($wait ?? []));

            return $found instanceof Generator ? \iterator_to_array($found, false) : $found;
        }
        $function = new ReflectionMethod($client->$section, $method);
        $found = $client->$section->$method(...Tagged::completed($function, $given));

        return $wait === null ? $found : $found->wait(...$wait);
    }

    private function verify(stdClass $request): mixed
    {
        return $this->clients[$request->client]->webhooks->verify(\base64_decode($request->body), $request->signature);
    }

    private function verifier(stdClass $request): mixed
    {
        $verifier = new WebhookVerifier(...self::options($request->options));
        $body = \base64_decode($request->body);

        return match ($request->method) {
            'parse_unverified' => $verifier->parseUnverified($body),
            'verify_signature' => $verifier->verifySignature($body, $request->signature),
            default => $verifier->verify($body, $request->signature),
        };
    }

    private function function(stdClass $request): mixed
    {
        return ('KopoKopo\\' . Tagged::camel($request->name))(...Tagged::named(Tagged::from($request->with)));
    }

    private function close(stdClass $request): null
    {
        unset($this->clients[$request->client]);

        return null;
    }

    /** @return array<string, mixed> Options with PHP's names. Lengths of time are in seconds there. */
    private static function options(stdClass $options): array
    {
        $found = [];
        foreach ((array) $options as $name => $value) {
            $seconds = \str_ends_with($name, '_ms');
            $found[Tagged::camel($seconds ? \substr($name, 0, -3) : $name)] = $seconds ? $value / 1000 : Tagged::plain($value);
        }

        return $found;
    }

    private static function post(string $url, string $body): string
    {
        $context = \stream_context_create(['http' => [
            'method' => 'POST', 'header' => 'Content-Type: application/json', 'content' => $body, 'ignore_errors' => true,
        ]]);
        $text = (string) \file_get_contents($url, false, $context);

        return \str_contains($http_response_header[0], ' 200 ') ? $text : throw new RuntimeException($text);
    }

    /** @return array<string, string> */
    private static function texts(mixed $value): array
    {
        \ob_start();
        \var_dump($value);
        $texts = ['var_dump' => (string) \ob_get_clean(), 'print_r' => \print_r($value, true)];
        if ($value instanceof Throwable) {
            return $texts + [
                'string' => (string) $value, 'json' => \json_encode($value), 'export' => \print_r($value->getTrace(), true),
            ];
        }

        return $value instanceof Client ? $texts + ['json' => \json_encode($value)] : $texts;
    }
}

$testee = new Testee();
$fibers = [];
$open = true;
$buffer = '';
\stream_set_blocking(\STDIN, false);
while ($open || $fibers !== []) {
    foreach ($fibers as $id => $fiber) {
        $fiber->resume();
        if ($fiber->isTerminated()) {
            unset($fibers[$id]);
        }
    }
    $read = [\STDIN];
    $none = null;
    if (!$open || \stream_select($read, $none, $none, $fibers === [] ? 1 : 0, 0) < 1) {
        continue;
    }
    $part = \fread(\STDIN, 1 << 20);
    $open = !($part === '' && \feof(\STDIN));
    $lines = \explode("\n", $buffer . $part);
    $buffer = \array_pop($lines);
    foreach ($lines as $line) {
        $fiber = new Fiber(static function () use ($testee, $line): void {
            $request = \json_decode($line, false, 64, \JSON_THROW_ON_ERROR | \JSON_BIGINT_AS_STRING);
            $response = ['id' => $request->id, ...$testee->respond($request)];
            $flags = \JSON_THROW_ON_ERROR | \JSON_UNESCAPED_UNICODE | \JSON_PRESERVE_ZERO_FRACTION | \JSON_INVALID_UTF8_SUBSTITUTE;
            \fwrite(\STDOUT, \json_encode($response, $flags) . "\n");
        });
        $fiber->start();
        if (!$fiber->isTerminated()) {
            $fibers[] = $fiber;
        }
    }
}
