<?php

declare(strict_types=1);

use K2Test\Support\Log;
use K2Test\Support\Sandbox;
use KopoKopo\Client;
use KopoKopo\Exception\ConfigurationException;
use KopoKopo\Exception\JournalException;
use KopoKopo\Journal\CustomJournal;
use KopoKopo\Journal\PdoJournal;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';

/** Stores that programs write, and clients that are kept. */
final class StoresTest extends TestCase
{
    private Sandbox $sandbox;

    protected function setUp(): void
    {
        $this->sandbox = Sandbox::shared();
        $this->sandbox->reset();
    }

    private static function memory(bool $fails = false): CustomJournal
    {
        return new class ($fails) extends CustomJournal {
            /** @var array<string, array<string, mixed>> */
            private array $records = [];

            public function __construct(private readonly bool $fails)
            {
            }

            public function insert(array $record): bool
            {
                $isNew = !isset($this->records[$record['idempotency_key']]);
                $this->records[$record['idempotency_key']] ??= $record;

                return $isNew;
            }

            public function update(array $record, int $version): bool
            {
                if ($this->fails) {
                    throw new DomainException('a-text');
                }
                $isSame = ($this->records[$record['idempotency_key']]['version'] ?? null) === $version;
                if ($isSame) {
                    $this->records[$record['idempotency_key']] = $record;
                }

                return $isSame;
            }

            public function get(string $key): ?array
            {
                return $this->records[$key] ?? null;
            }

            public function list(array $query): array
            {
                \ksort($this->records);
                $states = $query['states'];

                return \array_filter($this->records, static fn (array $record) => $states === [] || \in_array($record['state'], $states, true));
            }
        };
    }

    public function testCustomStoreSendsOneRequestForAKey(): void
    {
        $client = $this->sandbox->client()->withJournal(self::memory());
        $create = static fn (string $key) => $client->incomingPayments->create(...Sandbox::PUSH, idempotencyKey: $key)->id();
        self::assertSame($create('b'), $create('b'));
        self::assertSame(1, $this->sandbox->count());
        $create('a');
        self::assertSame(['a', 'b'], \array_map(static fn ($record) => $record->key, $client->journal->list()));
        self::assertSame([], $client->journal->list(states: ['unknown']));
        self::assertNull($client->journal->get('c'));
    }

    public function testOutcomeThatACustomStoreDoesNotWriteIsAWarningWithTheKey(): void
    {
        Log::shared()->take();
        $client = $this->sandbox->client(logger: Log::shared())->withJournal(self::memory(fails: true));
        self::assertNotSame('', $client->incomingPayments->create(...Sandbox::PUSH, idempotencyKey: 'order-7')->id());
        $lines = Log::shared()->take();
        self::assertStringContainsString('warning: kopokopo: the journal could not write', $lines);
        self::assertStringContainsString('(accepted) of incoming_payments.create with the idempotency key order-7:', $lines);
        self::assertStringNotContainsString('a-text', $lines);
    }

    public function testPdoJournalInsideOfAnotherFunctionIsNamed(): void
    {
        $journal = new PdoJournal(static fn () => self::fail('no connection is opened'));
        foreach ([static fn (string $request) => $journal($request), $journal(...)] as $function) {
            $client = $this->sandbox->client()->withJournal($function);
            try {
                $client->incomingPayments->create(...Sandbox::PUSH, idempotencyKey: 'a');
                self::fail('it gets requests without SQL');
            } catch (JournalException $error) {
                self::assertStringContainsString('pass the PdoJournal itself to withJournal()', $error->detail);
            }
        }
        self::assertSame(0, $this->sandbox->count());
    }

    public function testCallWithoutAKeyIsNotInTheJournal(): void
    {
        $client = $this->sandbox->client()->withJournal(self::memory());
        $client->incomingPayments->create(...Sandbox::PUSH, idempotencyKey: null);
        $client->incomingPayments->create(...Sandbox::PUSH);
        self::assertSame([2, []], [$this->sandbox->count(), $client->journal->list()]);
        $client->withOptions(idempotencyKey: 'order-1')->incomingPayments->create(...Sandbox::PUSH);
        self::assertSame('order-1', $client->journal->list()[0]->key);
    }

    public function testStoreThatFailsFailsTheCallBeforeItIsSent(): void
    {
        $stores = [
            'RuntimeException: the disk is full' => static fn () => throw new RuntimeException('the disk is full'),
            'returned int; expected a string' => static fn () => 7,
            'bytes that are no text in UTF-8' => static fn () => "\xff",
            'a result of another form' => static fn () => '[',
            'returned null; expected a PDO' => new PdoJournal(static fn () => null),
        ];
        foreach ($stores as $text => $store) {
            try {
                $this->sandbox->client()->withJournal($store)->incomingPayments->create(...Sandbox::PUSH, idempotencyKey: 'order-1');
                self::fail($text);
            } catch (JournalException $error) {
                self::assertStringContainsString($text, $error->detail);
            }
        }
        self::assertSame(0, $this->sandbox->count());
    }

    public function testKeyWithoutAJournalIsRefused(): void
    {
        $this->expectException(ConfigurationException::class);
        $this->expectExceptionMessage('journal: is missing');
        $this->sandbox->client()->incomingPayments->create(...Sandbox::PUSH, idempotencyKey: 'order-1');
    }

    public function testStoreOutlivesTheVariableOfTheProgram(): void
    {
        $client = $this->sandbox->client()->withJournal(self::memory())->withOptions(timeout: 20.0);
        \gc_collect_cycles();
        $section = $client->incomingPayments;
        unset($client);
        $created = $section->create(...Sandbox::PUSH, idempotencyKey: 'order-1');
        unset($section);
        self::assertSame('Success', (string) $created->wait(timeout: 20, interval: 0.2)->status);
    }

    public function testClientsWithEqualOptionsAreOneInTheProcess(): void
    {
        $ask = fn (string $product) => $this->sandbox->client(product: "{$product}/{$this->sandbox->credentials()['client_id']}")->oauth->tokenInfo();
        $run = \bin2hex(\random_bytes(4));
        for ($call = 0; $call < 3; $call++) {
            $ask("a{$run}");
        }
        self::assertSame(1, $this->sandbox->count('oauth.token'), 'they share a token');
        for ($other = 0; $other < 15; $other++) {
            $ask("b{$run}{$other}");
        }
        $ask("a{$run}");
        self::assertSame(16, $this->sandbox->count('oauth.token'), 'sixteen clients are kept');
        $ask("c{$run}");
        $ask("a{$run}");
        self::assertSame(17, $this->sandbox->count('oauth.token'), 'the one that was not used for the longest time is forgotten');
        $ask("b{$run}0");
        self::assertSame(18, $this->sandbox->count('oauth.token'));
    }

    public function testClientsOfTheSameVariablesAreOneInTheProcess(): void
    {
        $variables = $this->sandbox->environment();
        foreach ($variables as $name => $value) {
            \putenv("{$name}={$value}");
        }
        try {
            Client::fromEnv()->oauth->tokenInfo();
            $before = $this->sandbox->count('oauth.token');
            Client::fromEnv()->oauth->tokenInfo();
            self::assertSame($before, $this->sandbox->count('oauth.token'), 'they share a token');
            \putenv('K2_BASE_URL=http://127.0.0.1:1');
            self::assertSame('http://127.0.0.1:1', \rtrim(Client::fromEnv()->baseUrl(), '/'));
        } finally {
            \array_map(\putenv(...), \array_keys($variables));
        }
    }

    public function testSignalDuringAStatementIsHandledAfterIt(): void
    {
        $memory = self::memory();
        $isFirst = true;
        $store = static function (string $request) use ($memory, &$isFirst): string {
            if ($isFirst) {
                $isFirst = false;
                \posix_kill(\getmypid(), \SIGUSR1);
            }

            return $memory($request);
        };
        $before = \pcntl_async_signals(true);
        \pcntl_signal(\SIGUSR1, static fn () => throw new DomainException('signal'));
        $client = $this->sandbox->client()->withJournal($store);
        try {
            $client->incomingPayments->create(...Sandbox::PUSH, idempotencyKey: 'order-1');
            self::fail('it is interrupted');
        } catch (DomainException $error) {
            self::assertSame('signal', $error->getMessage(), 'the store has not failed, and nothing was sent');
        } finally {
            \pcntl_signal(\SIGUSR1, \SIG_DFL);
            \pcntl_async_signals($before);
        }
        self::assertSame(0, $this->sandbox->count());
        self::assertNotSame('', $client->incomingPayments->create(...Sandbox::PUSH, idempotencyKey: 'order-1')->id());
        self::assertSame(1, $this->sandbox->count());
    }

    public function testFunctionOfAnotherClientIsNotAsked(): void
    {
        $client = $this->sandbox->client()->withJournal(self::memory());
        $section = $client->incomingPayments;
        // The numbers of functions are of the process: a question for one that is gone reaches no other.
        $numbers = [];
        for ($round = 0; $round < 3; $round++) {
            $numbers[] = KopoKopo\Internal\Handler::store(static fn () => 'null', null)->number;
        }
        self::assertSame(\array_unique($numbers), $numbers);
        self::assertGreaterThan($numbers[0], $numbers[2]);
        self::assertNotSame('', $section->create(...Sandbox::PUSH, idempotencyKey: 'order-1')->id());
    }
}
