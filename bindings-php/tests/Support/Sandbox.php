<?php

declare(strict_types=1);

namespace K2Test\Support;

use KopoKopo\Client;
use KopoKopo\Event;
use KopoKopo\Testing\Sandbox as Started;
use KopoKopo\WebhookVerifier;

/** The sandbox of the package, with the payment that most tests make. */
final class Sandbox
{
    public const CREATE = 'incoming_payments.create';

    public const PUSH = [
        'tillNumber' => 'K000000', 'phoneNumber' => '0712345678', 'amount' => '100', 'callbackUrl' => 'https://shop.example/k2/results',
    ];

    private static ?self $shared = null;

    private readonly Started $sandbox;

    private int $resets = 0;

    public function __construct()
    {
        $this->sandbox = Started::start();
    }

    /** One for all tests of a process. */
    public static function shared(): self
    {
        return self::$shared ??= new self();
    }

    public function close(): void
    {
        $this->sandbox->close();
    }

    /** @return array{base_url: string, client_id: string, client_secret: string, api_key: string} */
    public function credentials(): array
    {
        $sandbox = $this->sandbox;

        return [
            'base_url' => $sandbox->baseUrl(), 'client_id' => $sandbox->clientId(),
            'client_secret' => $sandbox->clientSecret(), 'api_key' => $sandbox->apiKey(),
        ];
    }

    /** @return array<string, string> The variables that `Client::fromEnv` reads. */
    public function environment(): array
    {
        return $this->sandbox->env();
    }

    /** @return array{clientId: string, clientSecret: string, apiKey: string, baseUrl: string} The options of a client. */
    public function options(): array
    {
        return $this->sandbox->credentials();
    }

    /** A client. The process keeps clients by their options, and the sandbox does not know the tokens from before a reset. */
    public function client(mixed ...$options): Client
    {
        return $this->sandbox->client(...['product' => "tests/{$this->resets}", ...$options]);
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
        [$status, $content] = $this->sandbox->request($method, "/_sandbox/{$path}", $body);
        if ($status >= 300) {
            throw new \RuntimeException("{$method} {$path}: {$status} " . \json_encode($content));
        }

        return $content;
    }
}
