<?php

declare(strict_types=1);

use K2Test\Support\Sandbox;
use KopoKopo\Client;
use KopoKopo\Exception\OutcomeUnknownException;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';
require_once __DIR__ . '/Script.php';

/** Signals end a wait soon, and no signal sends a request again. */
final class SignalTest extends TestCase
{
    private const SIGNALS = [\SIGALRM, \SIGUSR1, \SIGTERM, \SIGINT];

    private Sandbox $sandbox;

    private bool $before;

    protected function setUp(): void
    {
        $this->sandbox = Sandbox::shared();
        $this->sandbox->reset();
        $this->before = \pcntl_async_signals(true);
    }

    protected function tearDown(): void
    {
        \pcntl_alarm(0);
        foreach (self::SIGNALS as $signal) {
            \pcntl_signal($signal, \SIG_DFL);
        }
        \pcntl_async_signals($this->before);
    }

    /** A client with a token, whose creates take effect and have no response for ten seconds. */
    private function slow(): Client
    {
        $client = $this->sandbox->client();
        $client->oauth->tokenInfo();
        $this->sandbox->fault(['kind' => 'delay', 'delay_ms' => 10_000, 'times' => null]);

        return $client;
    }

    public function testSignalsEndAWaitSoon(): void
    {
        $client = $this->slow();
        $delays = [];
        foreach (self::SIGNALS as $signal) {
            \pcntl_signal($signal, static fn () => throw new RuntimeException("signal {$signal}"));
            [$reader, $writer] = \stream_socket_pair(\STREAM_PF_UNIX, \STREAM_SOCK_STREAM, 0);
            $process = \getmypid();
            $child = Script::begin(static function () use ($process, $signal, $writer): void {
                \usleep(800_000);
                \fwrite($writer, (string) \hrtime(true));
                \posix_kill($process, $signal);
            });
            try {
                $client->incomingPayments->create(...Sandbox::PUSH);
                self::fail('there is no response');
            } catch (OutcomeUnknownException $error) {
                $ended = \hrtime(true);
                self::assertSame("signal {$signal}", $error->getPrevious()?->getMessage());
                self::assertNotNull($error->sentAt);
            }
            self::assertTrue(Script::succeeded($child));
            $delays[] = ($ended - (int) \fread($reader, 30)) / 1e9;
        }
        \sort($delays);
        self::assertLessThan(3, $delays[1], 'the wait ends long before the response, which takes ten seconds');
        self::assertSame(\count(self::SIGNALS), $this->sandbox->count());
    }

    public function testAlarmEndsAWaitForAResult(): void
    {
        $push = $this->sandbox->client()->incomingPayments->create(...[...Sandbox::PUSH, 'amount' => '100']);
        \pcntl_signal(\SIGALRM, static fn () => throw new RuntimeException('alarm'));
        $this->sandbox->fault(['operation' => 'incoming_payments.get', 'kind' => 'delay', 'delay_ms' => 10_000, 'times' => null]);
        \pcntl_alarm(1);
        // Nothing is lost when a read is interrupted, so what the handler threw is what is thrown.
        $this->expectException(RuntimeException::class);
        $this->expectExceptionMessage('alarm');
        $push->wait(timeout: 30);
    }

    public function testHandlersThatReturnGoOnWithTheSameRequest(): void
    {
        $client = $this->sandbox->client();
        $client->oauth->tokenInfo();
        $this->sandbox->fault(['kind' => 'delay', 'delay_ms' => 1500]);
        $count = 0;
        \pcntl_signal(\SIGUSR1, static function () use (&$count): void {
            $count++;
        });
        $process = \getmypid();
        $child = Script::begin(static function () use ($process): void {
            for ($signal = 0; $signal < 10; $signal++) {
                \usleep(100_000);
                \posix_kill($process, \SIGUSR1);
            }
        });
        self::assertNotSame('', $client->incomingPayments->create(...Sandbox::PUSH)->id());
        self::assertTrue(Script::succeeded($child));
        self::assertGreaterThan(1, $count);
        self::assertSame(1, $this->sandbox->count());
    }

    public function testSignalsAreHandledOnTheThreadOfPhp(): void
    {
        // The thread of the library blocks all signals: else a handler could run there.
        $this->sandbox->client()->oauth->tokenInfo();
        $blocked = [];
        foreach (\glob('/proc/self/task/*') as $task) {
            if (\trim((string) \file_get_contents("{$task}/comm")) === 'kopokopo') {
                \preg_match('/^SigBlk:\s*([0-9a-f]+)$/m', (string) \file_get_contents("{$task}/status"), $found);
                $blocked[] = \hexdec(\substr($found[1], -8)) & (1 << (\SIGALRM - 1) | 1 << (\SIGTERM - 1) | 1 << (\SIGPROF - 1));
            }
        }
        self::assertSame([1 << (\SIGALRM - 1) | 1 << (\SIGTERM - 1) | 1 << (\SIGPROF - 1)], $blocked);
    }

    public function testWatchIsInterruptedBetweenTwoPolls(): void
    {
        $push = $this->sandbox->client()->incomingPayments->create(...[...Sandbox::PUSH, 'phoneNumber' => '254700000006']);
        \pcntl_signal(\SIGALRM, static fn () => throw new RuntimeException('alarm'));
        \pcntl_alarm(1);
        $start = \hrtime(true);
        try {
            foreach ($push->watch(timeout: 60, interval: 30.0, maxInterval: 30.0) as $state) {
                self::assertNotNull($state);
            }
            self::fail('the next poll is after half a minute');
        } catch (RuntimeException $error) {
            self::assertSame('alarm', $error->getMessage());
        }
        self::assertLessThan(10, (\hrtime(true) - $start) / 1e9);
    }
}
