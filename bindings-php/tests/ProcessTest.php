<?php

// What only PHP can have: signals, forks, its kinds of throwables, bytes that are no text, and secrets in its dumps. Run by
// phpunit.

declare(strict_types=1);

use KopoKopo\Client;
use KopoKopo\Exception\AuthenticationException;
use KopoKopo\Exception\ConfigurationException;
use KopoKopo\Exception\ConnectionException;
use KopoKopo\Exception\InvalidRequestException;
use KopoKopo\Exception\OutcomeUnknownException;
use KopoKopo\Exception\SignatureException;
use KopoKopo\WebhookVerifier;
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

    public function testMessageHasTheFieldOnce(): void
    {
        try {
            self::client('127.0.0.1:1')->reversals->create(transactionReference: '', reason: 'x', callbackUrl: 'https://shop.example/x');
            self::fail('an empty reference is refused');
        } catch (InvalidRequestException $error) {
            self::assertSame('transaction_reference', $error->field);
            self::assertSame(1, \substr_count($error->getMessage(), 'transaction_reference:'), $error->getMessage());
            self::assertStringStartsWith('reversals.create: transaction_reference: ', $error->getMessage());
        }
    }

    /** @return iterable<string, array{Closure}> */
    public static function tokenSources(): iterable
    {
        yield 'an exception' => [static fn () => throw new RuntimeException('no token today')];
        yield 'an error of PHP' => [static fn () => throw new TypeError('no token today')];
        yield 'bytes that are no text' => [static fn () => throw new Error("no token today \xff")];
    }

    /** @dataProvider tokenSources */
    public function testWhatATokenSourceThrowsIsTheReasonOfTheFailure(Closure $source): void
    {
        $client = Client::withTokenSource($source, baseUrl: 'http://127.0.0.1:1');
        $this->expectException(AuthenticationException::class);
        $this->expectExceptionMessage('the token source failed: no token today');
        self::create($client);
    }

    public function testTokenThatIsNoTextIsAFailureOfTheTokenSource(): void
    {
        $client = Client::withTokenSource(static fn () => "canary\xff", baseUrl: 'http://127.0.0.1:1');
        try {
            self::create($client);
            self::fail('the token is refused');
        } catch (AuthenticationException $error) {
            self::assertStringNotContainsString('canary', $error . \print_r($error, true));
        }
    }

    public function testSignatureAndKeyThatAreNoTextAreRefused(): void
    {
        $verifier = new WebhookVerifier(apiKeys: ['canary-key']);
        foreach (['verify', 'verifySignature'] as $method) {
            try {
                $verifier->$method('{}', \str_repeat("\xff", 64));
                self::fail('the signature is wrong');
            } catch (SignatureException $error) {
                self::assertStringNotContainsString("\u{fffd}", $error->getMessage());
            }
        }
        $calls = [
            static fn () => \KopoKopo\signWebhook("canary\xff", '{}'),
            static fn () => new WebhookVerifier(apiKeys: ["canary\xff"]),
            static fn () => new Client(clientId: 'app', clientSecret: self::SECRET, apiKey: "canary\xff", environment: 'sandbox'),
        ];
        foreach ($calls as $call) {
            try {
                $call();
                self::fail('the key is refused');
            } catch (ConfigurationException $error) {
                self::assertStringContainsString('must be text in UTF-8', $error->getMessage());
                self::assertStringNotContainsString('canary', $error . \print_r($error, true));
            }
        }
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
        } catch (ConfigurationException $error) {
            $texts[] = $error . \print_r($error->getTrace(), true);
        }
        self::assertStringNotContainsString('canary', \implode("\n", $texts));
        $this->expectException(LogicException::class);
        \serialize($client);
    }
}
