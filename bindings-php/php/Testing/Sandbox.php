<?php

declare(strict_types=1);

namespace KopoKopo\Testing;

use KopoKopo\Client;
use KopoKopo\Testing\Internal\Binary;
use KopoKopo\Testing\Internal\Child;
use KopoKopo\Testing\Internal\Http;
use KopoKopo\Testing\Internal\Values;

/**
 * The Kopo Kopo API on this machine, for tests. It listens on a free port of 127.0.0.1, and has new credentials.
 *
 * It stops with `close`, and if this process ends or is killed. A process that is forked can use the sandbox of its parent, and does
 * not stop it.
 */
final class Sandbox extends Controls
{
    /** Seconds. It starts within milliseconds, but a machine can be loaded. */
    private const START_TIMEOUT = 60.0;

    /** Seconds. A fault can close the port for a while. */
    private const REFUSED_TIMEOUT = 10.0;

    /** Microseconds. */
    private const POLL_INTERVAL = 20_000;

    private const NAMES = ['base_url' => 'baseUrl', 'client_id' => 'clientId', 'client_secret' => 'clientSecret', 'api_key' => 'apiKey'];

    private static int $clients = 0;

    private ?Operations $names = null;

    /** @param array{baseUrl: string, clientId: string, clientSecret: string, apiKey: string} $startup */
    private function __construct(private readonly Child $child, #[\SensitiveParameter] private readonly array $startup)
    {
    }

    public function __destruct()
    {
        $this->close();
    }

    /**
     * Starts a sandbox.
     *
     * @param string|null $binary The path of `k2`. Default: the environment variable `K2_SANDBOX_BIN`, or `k2` of the PATH.
     * @param Pace|string $pace How fast the simulation runs without control calls.
     * @param int $port The port. 0 is any free port.
     * @param array<int|string, string|int> $tills Tills in addition to the documented ones, and their balances.
     * @param int|null $seed Makes ids and references repeatable.
     * @param bool $allowRemoteCallbacks Whether callbacks go to other machines too.
     *
     * @throws SandboxException if the program is not installed, or did not start
     * @throws \InvalidArgumentException|\TypeError naming an option that is wrong
     */
    public static function start(
        ?string $binary = null,
        Pace|string $pace = 'instant',
        int $port = 0,
        array $tills = [],
        ?int $seed = null,
        bool $allowRemoteCallbacks = false,
    ): self {
        $arguments = ['--pace=' . Values::word($pace, Pace::class, 'pace'), "--port={$port}"];
        foreach ($tills as $number => $balance) {
            $arguments[] = "--till={$number}=" . Values::amount($balance, "tills.{$number}");
        }
        if ($seed !== null) {
            $arguments[] = "--seed={$seed}";
        }
        if ($allowRemoteCallbacks) {
            $arguments[] = '--allow-remote-callbacks';
        }
        $program = Binary::find($binary);
        $child = new Child([$program, 'sandbox', '--json', '--exit-with-stdin', ...$arguments]);
        try {
            return new self($child, self::startup($child, $program));
        } catch (\Throwable $failure) {
            $child->close(9);
            throw $failure;
        }
    }

    /** @return array{baseUrl: string, clientId: string, clientSecret: string, apiKey: string} */
    private static function startup(Child $child, string $program): array
    {
        $line = $child->firstLine(self::START_TIMEOUT);
        if ($line === null) {
            throw new SandboxException("{$program} sandbox did not start: {$child->lastError()}");
        }
        $given = \json_decode($line, true);
        $startup = [];
        foreach (self::NAMES as $word => $name) {
            // Without the line, which can have credentials.
            \is_array($given) && \is_string($given[$word] ?? null)
                || throw new SandboxException("{$program} sandbox did not start: its first line is not as expected, so it is another program");
            $startup[$name] = $given[$word];
        }

        return $startup;
    }

    /** The address, such as `http://127.0.0.1:41234`. */
    public function baseUrl(): string
    {
        return $this->startup['baseUrl'];
    }

    /** The client id that it accepts. */
    public function clientId(): string
    {
        return $this->startup['clientId'];
    }

    /** The client secret that it accepts. */
    public function clientSecret(): string
    {
        return $this->startup['clientSecret'];
    }

    /** The key that it signs webhooks with. */
    public function apiKey(): string
    {
        return $this->startup['apiKey'];
    }

    /**
     * The options of a client: `new Client(...$sandbox->credentials())`.
     *
     * @return array{baseUrl: string, clientId: string, clientSecret: string, apiKey: string}
     */
    public function credentials(): array
    {
        return $this->startup;
    }

    /**
     * The environment variables that `Client::fromEnv` reads.
     *
     * @return array<string, string>
     */
    public function env(): array
    {
        $variables = [];
        foreach (self::NAMES as $word => $name) {
            $variables['K2_' . \strtoupper($word)] = $this->startup[$name];
        }

        return $variables;
    }

    /** A new client of the sandbox. The options are those of `Client`. */
    public function client(mixed ...$options): Client
    {
        // The process keeps clients by their options, and one from before a reset can have a token that is not valid any more.
        $own = ['privateToken' => true, 'product' => 'test-client/' . ++self::$clients];

        return new Client(...[...$this->startup, ...$own, ...$options]);
    }

    /**
     * Waits until a request of an operation has arrived, and returns the first one.
     *
     * @param string $operation The name, such as `incoming_payments.create`.
     * @param float $timeout Seconds.
     *
     * @throws SandboxException if none has arrived after `timeout` seconds
     * @throws \InvalidArgumentException if no operation has this name
     */
    public function waitForRequest(string $operation, float $timeout = 20): RecordedRequest
    {
        Values::known($operation, $this->names()->operations, 'operation');

        return $this->wait("no request of {$operation} arrived", $timeout, function () use ($operation): ?RecordedRequest {
            foreach ($this->requests() as $request) {
                if ($request->operation === $operation) {
                    return $request;
                }
            }

            return null;
        });
    }

    /**
     * Waits until a callback or webhook of a topic was received with 2xx, or is withheld, and returns the first one.
     *
     * @param string $topic The topic of a webhook, or the type of a result.
     * @param float $timeout Seconds.
     *
     * @throws SandboxException if none was received after `timeout` seconds
     * @throws \InvalidArgumentException if no webhook or result has this topic
     */
    public function waitForDelivery(string $topic, float $timeout = 20): Delivery
    {
        Values::known($topic, $this->names()->callbacks, 'topic');

        return $this->wait("no delivery of {$topic} was received with 2xx", $timeout, function () use ($topic): ?Delivery {
            foreach ($this->deliveries() as $delivery) {
                if ($delivery->topic === $topic && ($delivery->delivered || $delivery->withheld)) {
                    return $delivery;
                }
            }

            return null;
        });
    }

    /**
     * Sends a request without a token, and returns its status and the JSON of the response. It is repeated while the port is closed by a
     * fault, up to 10 seconds.
     *
     * @param mixed $body What is sent as JSON. Default: no body.
     *
     * @return array{int, mixed}
     *
     * @throws SandboxException if there is no response
     */
    public function request(string $method, string $path, mixed $body = null): array
    {
        $method = \strtoupper($method);
        $text = $body === null ? null : \json_encode($body, \JSON_THROW_ON_ERROR);
        $deadline = self::now() + self::REFUSED_TIMEOUT;
        while (true) {
            $response = Http::request($this->baseUrl(), $method, $path, $text);
            if (\is_array($response)) {
                return [$response[0], $response[1] === '' ? null : \json_decode($response[1], true, 512, \JSON_THROW_ON_ERROR)];
            }
            if ($response === Http::LATE) {
                throw new SandboxException("{$method} {$path}: there was no response in time");
            }
            // A connection that is cut while the port closes may have had an effect.
            if ($response === Http::CUT && $method === 'POST') {
                throw new SandboxException("{$method} {$path}: the connection ended before the response");
            }
            if (!$this->child->isRunning() || self::now() > $deadline) {
                throw new SandboxException("{$method} {$path}: the sandbox does not listen any more");
            }
            \usleep(self::POLL_INTERVAL);
        }
    }

    /** Stops it. Does nothing in a process that was forked, which shares the sandbox of its parent. */
    public function close(): void
    {
        $this->child->close();
    }

    /** Whether this process has stopped it. */
    public function isClosed(): bool
    {
        return $this->child->isClosed();
    }

    /** @return array<string, string> The address, without the credentials. */
    public function __debugInfo(): array
    {
        return ['baseUrl' => $this->baseUrl()];
    }

    /** @return never A process cannot be stored. */
    public function __serialize(): array
    {
        throw new \LogicException('a sandbox cannot be serialized');
    }

    /** @param list<int> $accepts */
    protected function control(string $method, string $path, mixed $body = null, array $accepts = []): mixed
    {
        [$status, $content] = $this->request($method, "/_sandbox{$path}", $body);
        if ($status !== 200 && !\in_array($status, $accepts, true)) {
            $reason = $content['error'] ?? $content;
            throw new SandboxException("{$method} /_sandbox{$path}: {$status}: " . (\is_string($reason) ? $reason : \json_encode($reason)));
        }

        return $content;
    }

    private function names(): Operations
    {
        return $this->names ??= $this->operations();
    }

    /**
     * @template T of object
     *
     * @param callable(): (T|null) $find
     *
     * @return T
     */
    private function wait(string $failure, float $timeout, callable $find): object
    {
        $deadline = self::now() + $timeout;
        while (true) {
            $found = $find();
            if ($found !== null) {
                return $found;
            }
            if (self::now() >= $deadline) {
                throw new SandboxException("{$failure} within {$timeout} s");
            }
            \usleep(self::POLL_INTERVAL);
        }
    }

    private static function now(): float
    {
        return \hrtime(true) / 1e9;
    }
}
