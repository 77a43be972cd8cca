<?php

declare(strict_types=1);

use K2Test\Support\Sandbox;
use KopoKopo\Client;
use KopoKopo\Destination\MobileWallet;
use KopoKopo\Exception\InvalidRequestException;
use KopoKopo\Exception\NotFoundException;
use KopoKopo\Exception\OutcomeUnknownException;
use PHPUnit\Framework\TestCase;
use Psr\Log\AbstractLogger;
use Psr\Log\LoggerInterface;

require_once __DIR__ . '/Support/load.php';

/** A logger gets each call. What it does never replaces the outcome of a call. */
final class LogTest extends TestCase
{
    private const SEND = 'send_money.create';

    private Sandbox $sandbox;

    /** @var list<array{string, string, array<string, mixed>}> */
    private array $lines = [];

    private string $errors;

    private string|false $before;

    protected function setUp(): void
    {
        $this->sandbox = Sandbox::shared();
        $this->sandbox->reset();
        $this->errors = (string) \tempnam(\sys_get_temp_dir(), 'k2');
        $this->before = \ini_set('error_log', $this->errors);
    }

    protected function tearDown(): void
    {
        \ini_set('error_log', (string) $this->before);
        \unlink($this->errors);
        $this->sandbox->reset();
    }

    /** A logger that runs something with each line. */
    private static function logger(Closure $log): LoggerInterface
    {
        return new class ($log) extends AbstractLogger {
            public function __construct(private readonly Closure $log)
            {
            }

            public function log($level, $message, array $context = []): void
            {
                ($this->log)($level, (string) $message, $context);
            }
        };
    }

    private function recording(): LoggerInterface
    {
        return self::logger(function (string $level, string $line, array $fields): void {
            $this->lines[] = [$level, $line, $fields];
        });
    }

    private static function pay(Client $client): string
    {
        return $client->sendMoney->create(
            destinations: [new MobileWallet(phoneNumber: '0712345678', amount: 500, description: 'Wages')],
            callbackUrl: 'https://shop.example/k2',
        )->id();
    }

    public function testEachCallIsALineWithItsFields(): void
    {
        $client = $this->sandbox->client(logger: $this->recording());
        $push = $client->incomingPayments->create(...[...Sandbox::PUSH, 'phoneNumber' => '254700000001']);
        $push->wait(timeout: 30, interval: 0.1);
        self::assertSame(['incoming_payments.create', 'incoming_payments.wait'], \array_column(\array_column($this->lines, 2), 'operation'));
        [$level, $line, $fields] = $this->lines[0];
        self::assertMatchesRegularExpression('/^kopokopo: incoming_payments\.create succeeded after \d+\.\d{3} s$/D', $line);
        self::assertSame(['operation', 'outcome', 'seconds', 'status', 'attempts', 'request_id'], \array_keys($fields));
        self::assertSame(['debug', 'succeeded'], [$level, $fields['outcome']]);
        self::assertGreaterThan(0, $fields['seconds']);
        self::assertStringNotContainsString('0000001', \json_encode($this->lines));
    }

    public function testFailuresHaveTheirKindAndStatus(): void
    {
        $client = $this->sandbox->client(logger: $this->recording());
        try {
            $client->incomingPayments->get('11111111-1111-4111-8111-111111111111');
            self::fail('it does not exist');
        } catch (NotFoundException $error) {
            [$level, $line, $fields] = $this->lines[0];
            self::assertStringContainsString('incoming_payments.get failed after ', $line);
            self::assertStringContainsString('not_found, status 404, attempts 1', $line);
            $expected = ['debug', 'not_found', 404, 1, $error->requestId];
            self::assertSame($expected, [$level, $fields['outcome'], $fields['status'], $fields['attempts'], $fields['request_id']]);
        }
        try {
            $client->incomingPayments->create(...[...Sandbox::PUSH, 'amount' => 0]);
            self::fail('the amount is zero');
        } catch (InvalidRequestException) {
            self::assertSame(['invalid_request', null], [$this->lines[1][2]['outcome'], $this->lines[1][2]['status']]);
        }
    }

    public function testUnknownOutcomeIsAWarning(): void
    {
        $this->sandbox->fault(['operation' => self::SEND, 'kind' => 'reset_after_effect']);
        try {
            self::pay($this->sandbox->client(logger: $this->recording()));
            self::fail('the response is lost');
        } catch (OutcomeUnknownException $error) {
            [$level, $line, $fields] = $this->lines[0];
            self::assertSame(['warning', 'outcome_unknown', 1], [$level, $fields['outcome'], $fields['attempts']]);
            self::assertStringEndsWith(": {$error->detail}", $line);
        }
        self::assertStringNotContainsString('712345678', \json_encode($this->lines));
    }

    public function testAllThatComesFromAClientLogs(): void
    {
        $logger = $this->recording();
        $token = $this->sandbox->client()->oauth->token()->accessToken;
        $made = Client::withTokenSource(static fn () => $token, baseUrl: $this->sandbox->credentials()['base_url'], logger: $logger);
        foreach ($this->sandbox->environment() as $name => $value) {
            \putenv("{$name}={$value}");
        }
        try {
            $clients = [$made, Client::fromEnv(logger: $logger), Client::fromEnv($logger)->withOptions(timeout: 20.0)];
        } finally {
            \array_map(\putenv(...), \array_keys($this->sandbox->environment()));
        }
        foreach ($clients as $client) {
            $client->oauth->tokenInfo();
        }
        self::assertSame(\array_fill(0, 3, 'oauth.token_info'), \array_column(\array_column($this->lines, 2), 'operation'));
        $this->lines = [];
        $push = $this->sandbox->client(logger: $logger)->incomingPayments->create(...[...Sandbox::PUSH, 'phoneNumber' => '254700000001']);
        self::assertTrue([...$push->watch(timeout: 30, interval: 0.1)] !== []);
        $operations = \array_column(\array_column($this->lines, 2), 'operation');
        self::assertSame(['incoming_payments.create', 'incoming_payments.get'], \array_values(\array_unique($operations)));
    }

    public function testFailureOfALoggerIsReportedOnceAndReplacesNothing(): void
    {
        $client = $this->sandbox->client(logger: self::logger(static fn () => throw new LogicException('a-text')));
        self::assertNotSame(self::pay($client), self::pay($client));
        $this->sandbox->fault(['operation' => self::SEND, 'kind' => 'reset_after_effect']);
        try {
            self::pay($client);
            self::fail('the response is lost');
        } catch (OutcomeUnknownException $error) {
            self::assertNull($error->getPrevious());
        }
        $reported = (string) \file_get_contents($this->errors);
        self::assertSame(1, \substr_count($reported, "\n"), $reported);
        self::assertStringContainsString('kopokopo: the logger failed with LogicException at ' . __FILE__, $reported);
        self::assertStringNotContainsString('a-text', $reported);
    }

    public function testSignalWhileAnAcceptedCreateIsLoggedKeepsItsId(): void
    {
        $signals = [];
        $logger = self::logger(static function () use (&$signals): void {
            \posix_kill(\getmypid(), \SIGUSR1);
            $signals[] = 'logged';
        });
        $before = \pcntl_async_signals(true);
        \pcntl_signal(\SIGUSR1, static fn () => throw new RuntimeException('stop'));
        try {
            self::pay($this->sandbox->client(logger: $logger));
            self::fail('the handler throws');
        } catch (OutcomeUnknownException $error) {
            self::assertSame(['logged'], $signals, 'the handler runs after the logger');
            self::assertSame('stop', $error->getPrevious()?->getMessage());
            self::assertSame(self::SEND, $error->operation);
            self::assertStringContainsString((string) $error->id, $error->getMessage());
            self::assertSame($error->id, $this->sandbox->client()->sendMoney->get($error->id)->id);
        } finally {
            \pcntl_signal(\SIGUSR1, \SIG_DFL);
            \pcntl_async_signals($before);
        }
        self::assertSame(1, $this->sandbox->count(self::SEND));
        self::assertSame('', (string) \file_get_contents($this->errors), 'it is no failure of the logger');
    }

    public function testSignalWhileAReadIsLoggedStaysWhatItIs(): void
    {
        $client = $this->sandbox->client();
        $id = $client->incomingPayments->create(...Sandbox::PUSH)->id();
        $logging = $this->sandbox->client(logger: self::logger(static fn () => \posix_kill(\getmypid(), \SIGUSR1)));
        $before = \pcntl_async_signals(true);
        \pcntl_signal(\SIGUSR1, static fn () => throw new RuntimeException('stop'));
        try {
            $logging->incomingPayments->get($id);
            self::fail('the handler throws');
        } catch (RuntimeException $error) {
            self::assertSame([RuntimeException::class, 'stop'], [$error::class, $error->getMessage()]);
        } finally {
            \pcntl_signal(\SIGUSR1, \SIG_DFL);
            \pcntl_async_signals($before);
        }
    }

    public function testClientsShowNothingOfALogger(): void
    {
        $client = $this->sandbox->client(logger: $this->recording());
        self::assertSame([], $client->__debugInfo());
        self::assertSame('[]', \json_encode($client));
    }
}
