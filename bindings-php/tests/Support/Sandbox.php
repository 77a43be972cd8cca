<?php

declare(strict_types=1);

namespace K2Test\Support;

use KopoKopo\Client;
use KopoKopo\Event;
use KopoKopo\WebhookVerifier;

/** `k2 sandbox` in a process of its own, which ends with this one. */
final class Sandbox
{
    public const CREATE = 'incoming_payments.create';

    public const PUSH = [
        'tillNumber' => 'K000000', 'phoneNumber' => '0712345678', 'amount' => '100', 'callbackUrl' => 'https://shop.example/k2/results',
    ];

    private static ?self $shared = null;

    /** @var resource */
    private $process;

    /** @var resource */
    private $stdin;

    /** @var array<string, mixed> */
    private readonly array $startup;

    private int $resets = 0;

    public function __construct()
    {
        $root = \dirname(__DIR__, 3);
        $k2 = \getenv('K2_SANDBOX_BIN') ?: (\getenv('CARGO_TARGET_DIR') ?: "{$root}/target") . '/debug/k2';
        if (!\is_executable($k2)) {
            throw new \RuntimeException("{$k2} is missing: cargo build --package k2");
        }
        // The output is a file, because a full pipe that no one reads would block the sandbox.
        $output = \tempnam(\sys_get_temp_dir(), 'k2');
        $command = [$k2, 'sandbox', '--json', '--exit-with-stdin'];
        $streams = [['pipe', 'r'], ['file', $output, 'w'], ['file', '/dev/null', 'w']];
        $this->process = \proc_open($command, $streams, $pipes) ?: throw new \RuntimeException("{$k2} does not start");
        $this->stdin = $pipes[0];
        Wait::until('the sandbox does not start', static fn () => \str_contains((string) \file_get_contents($output), "\n"));
        $this->startup = \json_decode((string) \strtok((string) \file_get_contents($output), "\n"), true, 16, \JSON_THROW_ON_ERROR);
        \unlink($output);
    }

    /** One for all tests of a process. */
    public static function shared(): self
    {
        return self::$shared ??= new self();
    }

    public function close(): void
    {
        if (\is_resource($this->stdin)) {
            \fclose($this->stdin);
            \proc_close($this->process);
        }
    }

    /** @return array{base_url: string, client_id: string, client_secret: string, api_key: string} */
    public function credentials(): array
    {
        return \array_intersect_key($this->startup, \array_flip(['base_url', 'client_id', 'client_secret', 'api_key']));
    }

    /** @return array<string, string> The variables that `Client::fromEnv` reads. */
    public function environment(): array
    {
        $variables = [];
        foreach ($this->credentials() as $name => $value) {
            $variables['K2_' . \strtoupper($name)] = $value;
        }

        return $variables;
    }

    /** @return array{clientId: string, clientSecret: string, apiKey: string, baseUrl: string} The options of a client. */
    public function options(): array
    {
        $options = [];
        foreach ($this->credentials() as $name => $value) {
            $options[\lcfirst(\str_replace('_', '', \ucwords($name, '_')))] = $value;
        }

        return $options;
    }

    /** A client. The process keeps clients by their options, and the sandbox does not know the tokens from before a reset. */
    public function client(mixed ...$options): Client
    {
        return new Client(...$this->options(), ...['privateToken' => true, 'product' => "tests/{$this->resets}", ...$options]);
    }

    public static function payload(string $name): string
    {
        return (string) \file_get_contents(\dirname(__DIR__, 3) . "/tests/vectors/payloads/{$name}.json");
    }

    public static function event(string $name = 'result-incoming-payment-success'): Event
    {
        return (new WebhookVerifier(apiKeys: ['a-key']))->parseUnverified(self::payload($name));
    }

    public function reset(): void
    {
        $this->control('POST', 'reset');
        ++$this->resets;
    }

    /** @param array<string, mixed> $fault Of the creates of incoming payments, unless it names another operation. */
    public function fault(array $fault): void
    {
        $this->control('PUT', 'faults', ['operation' => self::CREATE, ...$fault]);
    }

    /** @return list<array<string, mixed>> The requests of an operation that reached the sandbox. */
    public function requests(string $operation = self::CREATE): array
    {
        $all = $this->control('GET', 'requests');

        return \array_values(\array_filter($all, static fn (array $request) => $request['operation'] === $operation));
    }

    public function count(string $operation = self::CREATE): int
    {
        return \count($this->requests($operation));
    }

    public function control(string $method, string $path, mixed $body = null): mixed
    {
        $response = Http::request("{$this->startup['base_url']}/_sandbox/{$path}", $method, $body === null ? '' : \json_encode($body));
        if ($response->status >= 300) {
            throw new \RuntimeException("{$method} {$path}: {$response->status} {$response->body}");
        }

        return $response->body === '' ? null : \json_decode($response->body, true, 64, \JSON_THROW_ON_ERROR);
    }
}
