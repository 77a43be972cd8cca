<?php

declare(strict_types=1);

use K2Test\Support\Sandbox;
use KopoKopo\Exception\OutcomeUnknownException;
use KopoKopo\Journal\PdoJournal;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';
require_once __DIR__ . '/Script.php';

/** A create with a key that is interrupted writes its outcome to the journal, although PHP has one thread. */
final class InterruptedTest extends TestCase
{
    private const START = <<<'PHP'
        $journal = \KopoKopo\Journal\PdoJournal::sqlite($argv[4]);
        $client()->oauth->tokenInfo();
        \pcntl_async_signals(true);
        PHP;

    /** The client exists in this function only. */
    private const PAY = <<<'PHP'
        $pay = static function () use ($client, $journal, $push): string {
            $own = $client(privateToken: false)->withJournal($journal);
            $own->oauth->tokenInfo();
            \pcntl_alarm(1);

            return $own->incomingPayments->create(...$push, idempotencyKey: 'order-1')->id();
        };
        PHP;

    private Sandbox $sandbox;

    private string $file;

    protected function setUp(): void
    {
        $this->sandbox = Sandbox::shared();
        $this->sandbox->reset();
        $this->file = \tempnam(\sys_get_temp_dir(), 'k2-journal');
    }

    protected function tearDown(): void
    {
        \array_map(\unlink(...), \glob("{$this->file}*"));
    }

    private function delay(int $milliseconds): void
    {
        $this->sandbox->fault(['kind' => 'delay', 'delay_ms' => $milliseconds]);
    }

    /**
     * Runs a script that is interrupted after one second.
     *
     * @param array<string, string> $settings
     * @return array{string, string, int, float} Its output, its errors, its exit code, and how many seconds it took.
     */
    private function script(string $code, array $settings = []): array
    {
        $start = \hrtime(true);
        $ended = Script::end(Script::start(self::START . "\n" . self::PAY . "\n{$code}", [$this->file], $settings));

        return [...$ended, (\hrtime(true) - $start) / 1e9];
    }

    private function state(): ?string
    {
        return $this->sandbox->client()->withJournal(PdoJournal::sqlite($this->file))->journal->get('order-1')?->state;
    }

    private function assertPaidOnce(): void
    {
        self::assertSame('accepted', $this->state());
        $this->sandbox->client()->withJournal(PdoJournal::sqlite($this->file))->incomingPayments
            ->create(...Sandbox::PUSH, idempotencyKey: 'order-1');
        self::assertSame(1, $this->sandbox->count());
    }

    public function testOutcomeIsWrittenBeforeTheScriptEnds(): void
    {
        $this->delay(2000);
        $code = <<<'PHP'
            \pcntl_signal(\SIGALRM, static fn () => throw new \RuntimeException('alarm'));
            try {
                $pay();
            } catch (\KopoKopo\Exception\OutcomeUnknownException $error) {
                echo $error->getPrevious()->getMessage(), ' ', $error->idempotencyKey;
            }
            PHP;
        [$output, $errors, $status] = $this->script($code);
        self::assertSame(['alarm order-1', '', 0], [$output, $errors, $status]);
        $this->assertPaidOnce();
    }

    public function testOutcomeIsWrittenAfterExit(): void
    {
        $this->delay(2000);
        [$output, $errors, $status] = $this->script('\pcntl_signal(\SIGALRM, static function () { exit(7); }); $pay();');
        self::assertSame(['', '', 7], [$output, $errors, $status]);
        $this->assertPaidOnce();
    }

    public function testOutcomeIsWrittenAfterTheTimeLimitOfPhp(): void
    {
        $this->delay(4000);
        // PHP's timer counts the time of the processor, and a wait uses none: its signal comes from another process here.
        $code = <<<'PHP'
            \set_time_limit(30);
            $parent = \getmypid();
            if (\pcntl_fork() === 0) {
                \usleep(2_000_000);
                \posix_kill($parent, \SIGPROF);
                \posix_kill(\getmypid(), \SIGKILL);
            }
            \pcntl_signal(\SIGALRM, \SIG_IGN);
            $start = \hrtime(true);
            \register_shutdown_function(static function () use ($start) { echo \hrtime(true) - $start < 3.5e9 ? 'early' : 'late'; });
            $pay();
            PHP;
        [$output, $errors, $status] = $this->script($code);
        self::assertStringContainsString('Maximum execution time of 30 seconds exceeded', $errors);
        self::assertSame(255, $status);
        self::assertSame('early', $output, 'the limit ends the wait');
        $this->assertPaidOnce();
    }

    public function testOutcomeIsWrittenDuringALaterCall(): void
    {
        $this->delay(4000);
        $client = $this->sandbox->client()->withJournal(PdoJournal::sqlite($this->file));
        $client->oauth->tokenInfo();
        $before = \pcntl_async_signals(true);
        \pcntl_signal(\SIGALRM, static fn () => throw new RuntimeException('alarm'));
        \pcntl_alarm(1);
        try {
            $client->incomingPayments->create(...Sandbox::PUSH, idempotencyKey: 'order-1');
            self::fail('it is interrupted');
        } catch (OutcomeUnknownException $error) {
            self::assertSame('alarm', $error->getPrevious()?->getMessage());
        } finally {
            \pcntl_signal(\SIGALRM, \SIG_DFL);
            \pcntl_async_signals($before);
        }
        self::assertSame('started', $client->journal->get('order-1')?->state);
        // A call that waits for as long as the response takes.
        $this->sandbox->fault(['operation' => 'oauth.token_info', 'kind' => 'delay', 'delay_ms' => 4000]);
        $client->oauth->tokenInfo();
        $file = new PDO("sqlite:{$this->file}");
        self::assertSame('accepted', $file->query('SELECT state FROM kopokopo_journal')->fetchColumn());
    }

    public function testFiberThatIsDestroyedWritesItsOutcome(): void
    {
        $this->delay(2500);
        $code = <<<'PHP'
            \pcntl_signal(\SIGALRM, \SIG_IGN);
            $fiber = new \Fiber($pay);
            $fiber->start();
            $end = \hrtime(true) + 1_500_000_000;
            while (\hrtime(true) < $end) {
                $fiber->resume();
            }
            unset($fiber);
            PHP;
        [$output, $errors, $status] = $this->script($code);
        self::assertSame(['', '', 0], [$output, $errors, $status]);
        $this->assertPaidOnce();
    }

    public function testCreateThatWasNotSentIsWrittenAsNotSent(): void
    {
        $this->sandbox->fault(['operation' => 'oauth.token', 'kind' => 'delay', 'delay_ms' => 2000]);
        $code = <<<'PHP'
            \pcntl_signal(\SIGALRM, static fn () => throw new \RuntimeException('alarm'));
            \pcntl_alarm(1);
            try {
                $client()->withJournal($journal)->incomingPayments->create(...$push, idempotencyKey: 'order-1');
            } catch (\RuntimeException $error) {
                echo $error::class, ' ', $error->getMessage();
            }
            PHP;
        $start = "\$journal = \\KopoKopo\\Journal\\PdoJournal::sqlite(\$argv[4]);\n\\pcntl_async_signals(true);\n";
        self::assertSame('RuntimeException alarm', Script::run($start . $code, [$this->file]));
        self::assertSame(['not_sent', 0], [$this->state(), $this->sandbox->count()]);
    }

    public function testEndOfAScriptWaitsForAShortTimeOnly(): void
    {
        $this->sandbox->fault(['kind' => 'hang_after_effect']);
        $code = '\pcntl_signal(\SIGALRM, static function () { exit(0); }); $pay();';
        [, $errors, $status, $seconds] = $this->script($code);
        self::assertSame(['', 0], [$errors, $status]);
        self::assertLessThan(20, $seconds, 'the response never comes, and the time limit of the call is 45 s');
        self::assertSame('started', $this->state());
    }

    public function testSecondSignalEndsTheWaitOfTheEnd(): void
    {
        $this->sandbox->fault(['kind' => 'hang_after_effect']);
        $code = <<<'PHP'
            $count = 0;
            \pcntl_signal(\SIGALRM, static function () use (&$count) {
                \pcntl_alarm(1);
                echo \hrtime(true), ' ';
                throw new \RuntimeException('alarm ' . ++$count);
            });
            $pay();
            PHP;
        [$output, $errors] = $this->script($code);
        $ended = \hrtime(true);
        self::assertStringContainsString('alarm 2', $errors);
        $signals = \explode(' ', \trim($output));
        self::assertCount(2, $signals);
        self::assertLessThan(2.5, ($ended - (int) $signals[1]) / 1e9, 'the response never comes, and 4 s of the wait are left');
    }
}
