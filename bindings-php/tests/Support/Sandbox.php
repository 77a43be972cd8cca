<?php

declare(strict_types=1);

namespace K2Test\Support;

/** `k2 sandbox` in a process of its own, which ends with this one. */
final class Sandbox
{
    private static ?self $shared = null;

    /** @var resource */
    private $process;

    /** @var resource */
    private $stdin;

    /** @var array<string, mixed> */
    private readonly array $startup;

    public function __construct()
    {
        $root = \dirname(__DIR__, 3);
        $k2 = \getenv('K2_BINARY') ?: (\getenv('CARGO_TARGET_DIR') ?: "{$root}/target") . '/debug/k2';
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

    public function reset(): void
    {
        $this->control('POST', 'reset');
    }

    /** @param array<string, mixed> $fault */
    public function fault(array $fault): void
    {
        $this->control('PUT', 'faults', $fault);
    }

    /** @return list<array<string, mixed>> The requests of an operation that reached the sandbox. */
    public function requests(string $operation): array
    {
        $all = $this->control('GET', 'requests');

        return \array_values(\array_filter($all, static fn (array $request) => $request['operation'] === $operation));
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
