<?php

// What only PHP can have: forks, its kinds of throwables, and bytes that are no text.

declare(strict_types=1);

use KopoKopo\Client;
use KopoKopo\Exception\AuthenticationException;
use KopoKopo\Exception\ConfigurationException;
use KopoKopo\Exception\ConnectionException;
use KopoKopo\Exception\InvalidRequestException;
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

    private static function create(Client $client): void
    {
        $client->reversals->create(transactionReference: 'REF', reason: 'canary-reason', callbackUrl: 'https://shop.example/x');
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
            self::assertSame('transactionReference', $error->field);
            self::assertSame(1, \substr_count($error->getMessage(), 'transactionReference:'), $error->getMessage());
            self::assertStringStartsWith('reversals.create: transactionReference: ', $error->getMessage());
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
        try {
            self::create($client);
            self::fail('there is no token');
        } catch (AuthenticationException $error) {
            self::assertStringContainsString('the token source failed: no token today', $error->getMessage());
            self::assertStringStartsWith('no token today', (string) $error->getPrevious()?->getMessage());
        }
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
}
