<?php

declare(strict_types=1);

use KopoKopo\Client;
use KopoKopo\Event;
use KopoKopo\WebhookVerifier;

require_once __DIR__ . '/../php/autoload.php';

/** `k2 sandbox` in a process of its own, which ends when the tests end. */
final class Sandbox
{
    public const CREATE = 'incoming_payments.create';

    public const PUSH = [
        'tillNumber' => 'K000000', 'phoneNumber' => '0712345678', 'amount' => '100', 'callbackUrl' => 'https://shop.example/k2/results',
    ];

    private static ?self $shared = null;

    /** @var resource */
    private $process;

    /** @var array<int, resource> */
    private array $pipes = [];

    private int $resets = 0;

    public readonly stdClass $startup;

    private function __construct()
    {
        $folder = \getenv('CARGO_TARGET_DIR') ?: __DIR__ . '/../../target';
        $command = [\getenv('K2_BINARY') ?: "{$folder}/debug/k2", 'sandbox', '--json', '--exit-with-stdin'];
        $output = \tempnam(\sys_get_temp_dir(), 'k2');
        // It writes to a file: it would stop if nothing read a pipe.
        $this->process = \proc_open($command, [['pipe', 'r'], ['file', $output, 'w'], ['file', '/dev/null', 'w']], $this->pipes);
        $end = \hrtime(true) + 20e9;
        while (!\str_contains($text = (string) \file_get_contents($output), "\n")) {
            \hrtime(true) < $end || throw new RuntimeException('the sandbox does not start: cargo build --package k2');
            \usleep(10_000);
        }
        \unlink($output);
        $this->startup = \json_decode(\strtok($text, "\n"), false, 16, \JSON_THROW_ON_ERROR);
    }

    /** One for all tests. */
    public static function shared(): self
    {
        return self::$shared ??= new self();
    }

    /** @param array<string, mixed>|null $body */
    public function control(string $method, string $path, ?array $body = null): mixed
    {
        $context = \stream_context_create(['http' => [
            'method' => $method,
            'header' => 'Content-Type: application/json',
            'content' => $body === null ? '' : \json_encode($body, \JSON_THROW_ON_ERROR),
        ]]);
        $text = (string) \file_get_contents("{$this->startup->base_url}/_sandbox/{$path}", false, $context);

        return $text === '' ? null : \json_decode($text, false, 64, \JSON_THROW_ON_ERROR);
    }

    /** @param array<string, mixed> $fault */
    public function fault(array $fault): void
    {
        $this->control('PUT', 'faults', ['operation' => self::CREATE, ...$fault]);
    }

    /** How many requests of an operation came. */
    public function requests(string $operation = self::CREATE): int
    {
        return \count(\array_filter($this->control('GET', 'requests'), static fn (stdClass $request) => $request->operation === $operation));
    }

    public function reset(): void
    {
        $this->control('POST', 'reset');
        $this->resets++;
    }

    /** @return array<string, string> */
    public function credentials(): array
    {
        return [
            'clientId' => $this->startup->client_id,
            'clientSecret' => $this->startup->client_secret,
            'apiKey' => $this->startup->api_key,
            'baseUrl' => $this->startup->base_url,
        ];
    }

    /** A client. The process keeps clients by their options, and the sandbox does not know the tokens from before a reset. */
    public function client(mixed ...$options): Client
    {
        return new Client(...$this->credentials(), ...['privateToken' => true, 'product' => "tests/{$this->resets}", ...$options]);
    }

    public static function payload(string $name): string
    {
        return (string) \file_get_contents(__DIR__ . "/../../tests/vectors/payloads/{$name}.json");
    }

    public static function event(string $name = 'result-incoming-payment-success'): Event
    {
        return (new WebhookVerifier(apiKeys: ['a-key']))->parseUnverified(self::payload($name));
    }
}
