<?php

// What only PHP can have: signals, forks, and secrets in its dumps. Run by phpunit.

declare(strict_types=1);

use KopoKopo\Client;
use KopoKopo\Exception\ConnectionException;
use KopoKopo\Exception\OutcomeUnknownException;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/../php/autoload.php';

final class ProcessTest extends TestCase
{
    private const SECRET = 'canary-secret';

    private static function client(string $address, string $id = 'app'): Client
    {
        return new Client(clientId: $id, clientSecret: self::SECRET, apiKey: 'canary-key', baseUrl: "http://{$address}");
    }

    /**
     * A server in a child process: each response is sent when a request arrived; after the last one it accepts and is silent.
     *
     * @param list<string> $bodies
     * @return array{string, int}
     */
    private static function serve(array $bodies): array
    {
        $server = \stream_socket_server('tcp://127.0.0.1:0');
        $address = \stream_socket_get_name($server, false);
        $child = \pcntl_fork();
        if ($child !== 0) {
            return [$address, $child];
        }
        $open = [];
        while ($open[] = $connection = \stream_socket_accept($server, 30)) {
            $request = '';
            while (!\str_contains($request, "\r\n\r\n") && !\feof($connection)) {
                $request .= \fread($connection, 4096);
            }
            $body = \array_shift($bodies);
            if ($body !== null) {
                $head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
                \fwrite($connection, "{$head}Content-Length: " . \strlen($body) . "\r\n\r\n{$body}");
            }
        }
        \posix_kill(\getmypid(), \SIGKILL);
    }

    private const TOKEN = '{"access_token": "canary-token", "token_type": "Bearer", "expires_in": 3600, "created_at": 1}';

    private static function create(Client $client): void
    {
        $client->reversals->create(transactionReference: 'REF', reason: 'canary-reason', callbackUrl: 'https://shop.example/x');
    }

    public function testSignalEndsAWaitAndAnInterruptedCreateIsOutcomeUnknown(): void
    {
        [$address, $child] = self::serve([self::TOKEN]);
        \pcntl_async_signals(true);
        \pcntl_signal(\SIGALRM, static fn () => throw new RuntimeException('alarm'));
        \pcntl_alarm(1);
        $start = \hrtime(true);
        try {
            self::create(self::client($address, 'signal'));
            self::fail('the server does not respond');
        } catch (OutcomeUnknownException $error) {
            self::assertSame('alarm', $error->getPrevious()?->getMessage());
        } finally {
            \posix_kill($child, \SIGKILL);
            \pcntl_waitpid($child, $status);
        }
        self::assertLessThan(1.5, (\hrtime(true) - $start) / 1e9, 'the wait ends with the signal');
    }

    public function testChildAndParentCanCallAfterAFork(): void
    {
        $closed = \stream_socket_server('tcp://127.0.0.1:0');
        $address = \stream_socket_get_name($closed, false);
        \fclose($closed);
        $call = static function () use ($address): bool {
            try {
                self::create(self::client($address, 'fork'));
            } catch (ConnectionException) {
                return true;
            }

            return false;
        };
        self::assertTrue($call(), 'used before the fork');
        $child = \pcntl_fork();
        if ($child === 0) {
            \pcntl_async_signals(false);
            \pcntl_signal(\SIGALRM, \SIG_DFL);
            \pcntl_alarm(20);
            \posix_kill(\getmypid(), $call() ? \SIGUSR1 : \SIGUSR2);
        }
        \pcntl_waitpid($child, $status);
        self::assertSame(\SIGUSR1, \pcntl_wtermsig($status), 'the child gets the same error, without hanging');
        self::assertTrue($call(), 'the parent still calls');
    }

    public function testNoSecretIsInDumpsAndTraces(): void
    {
        \ini_set('zend.exception_ignore_args', '0');
        $client = self::client('127.0.0.1:1');
        $texts = [\print_r($client, true), \json_encode($client), \var_export($client->reversals->__debugInfo(), true)];
        try {
            self::create($client);
            self::fail('nothing listens there');
        } catch (ConnectionException $error) {
            $texts[] = $error . \print_r($error, true) . \json_encode($error) . \print_r($error->getTrace(), true);
        }
        try {
            new Client(clientId: 'app', clientSecret: self::SECRET, apiKey: 'canary-key', baseUrl: 'ftp://x');
            self::fail('the base URL is refused');
        } catch (\KopoKopo\Exception\ConfigurationException $error) {
            $texts[] = $error . \print_r($error->getTrace(), true);
        }
        self::assertStringNotContainsString('canary', \implode("\n", $texts));
        $this->expectException(LogicException::class);
        \serialize($client);
    }
}
