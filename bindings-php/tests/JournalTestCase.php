<?php

declare(strict_types=1);

use K2Test\Support\Log;
use K2Test\Support\Sandbox;
use KopoKopo\Client;
use KopoKopo\Exception\ConfigurationException;
use KopoKopo\Exception\InvalidRequestException;
use KopoKopo\Exception\JournalException;
use KopoKopo\Exception\OutcomeUnknownException;
use KopoKopo\Journal\PdoJournal;
use KopoKopo\Journal\Store;
use KopoKopo\Once;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';
require_once __DIR__ . '/Script.php';

/** A create with a key happens once, in each of the databases. */
abstract class JournalTestCase extends TestCase
{
    protected Sandbox $sandbox;

    abstract protected function dialect(): string;

    /** A new connection. */
    abstract protected function connect(array $options = []): PDO;

    /** PHP code that makes the journal, for another process. */
    abstract protected function code(): string;

    protected function setUp(): void
    {
        $this->sandbox = Sandbox::shared();
        $this->sandbox->reset();
        $this->drop();
    }

    protected function tearDown(): void
    {
        $this->drop();
    }

    protected function drop(): void
    {
        foreach (['kopokopo_journal', 'kopokopo_events', 'orders'] as $table) {
            $this->connect()->exec("DROP TABLE IF EXISTS {$table}");
        }
    }

    protected function createTables(): void
    {
        foreach (\KopoKopo\journalSchema($this->dialect()) as $statement) {
            $this->connect()->exec($statement);
        }
    }

    protected function journal(bool $createTables = true): PdoJournal
    {
        return new PdoJournal(fn () => $this->connect(), $createTables);
    }

    protected function client(?PdoJournal $journal = null): Client
    {
        return $this->sandbox->client()->withJournal($journal ?? $this->journal());
    }

    /** Pays, and returns the id. */
    protected static function pay(Client $client, string $key = 'order-1', string $amount = '100'): string
    {
        return $client->incomingPayments->create(...[...Sandbox::PUSH, 'amount' => $amount], idempotencyKey: $key)->id();
    }

    public function testCallsWithTheSameKeySendOneRequest(): void
    {
        $client = $this->client();
        $ids = [self::pay($client), self::pay($client), self::pay($this->client())];
        self::assertCount(1, \array_unique($ids));
        self::assertSame(1, $this->sandbox->count());
        $record = $client->journal->get('order-1');
        self::assertSame(['accepted', $ids[0], 1], [(string) $record->state, $record->id, $record->attempt]);
        self::assertSame(['order-1'], \array_map(static fn ($found) => $found->key, $client->journal->list()));
        $this->expectException(InvalidRequestException::class);
        $this->expectExceptionMessage('was used for another request');
        self::pay($client, amount: '200');
    }

    public function testWhatTheProgramHasSetDoesNotMatter(): void
    {
        $options = [
            PDO::ATTR_ERRMODE => PDO::ERRMODE_SILENT, PDO::ATTR_ORACLE_NULLS => PDO::NULL_TO_STRING, PDO::ATTR_STRINGIFY_FETCHES => true,
            PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_OBJ, PDO::ATTR_CASE => PDO::CASE_UPPER,
        ];
        $client = $this->client(new PdoJournal(fn () => $this->connect($options)));
        $id = self::pay($client);
        self::assertSame($id, self::pay($client));
        self::assertSame([$id, null], [$client->journal->get('order-1')?->id, $client->journal->get('order-1')?->paymentKey]);
        try {
            self::pay($this->client(new PdoJournal(fn () => $this->connect($options), createTables: false)), 'order-2');
            $this->drop();
            self::pay($this->client(new PdoJournal(fn () => $this->connect($options), createTables: false)), 'order-2');
            self::fail('there is no table');
        } catch (JournalException $error) {
            self::assertStringContainsString('the table kopokopo_journal does not exist', $error->detail);
        }
    }

    public function testForkUsesAConnectionOfItsOwn(): void
    {
        $opened = 0;
        $client = $this->client(new PdoJournal(function () use (&$opened): PDO {
            $opened++;

            return $this->connect();
        }));
        $id = self::pay($client);
        self::assertSame(1, $opened, 'one connection serves all statements');
        [$same, $count] = Script::fork(static function () use ($client, &$opened): array {
            $same = self::pay($client);

            return [$same, $opened];
        });
        self::assertSame([$id, 2], [$same, $count]);
        self::assertSame($id, self::pay($client), 'the connection of the parent still works');
        self::assertSame([1, 1], [$opened, $this->sandbox->count()]);
    }

    public function testEndOfAForkDoesNotEndTheConnectionOfTheParent(): void
    {
        $code = <<<'PHP'
            $opened = 0;
            $journal = new \KopoKopo\Journal\PdoJournal(function () use (&$opened) { $opened++; return CONNECT; });
            $client = $client()->withJournal($journal);
            $create = static fn () => $client->incomingPayments->create(...$push, idempotencyKey: 'order-1')->id();
            $id = $create();
            // One that uses the journal, and one that does not.
            foreach ([true, false] as $isUsed) {
                $child = \pcntl_fork();
                if ($child === 0) {
                    exit($isUsed && $create() !== $id ? 1 : 0);
                }
                \pcntl_waitpid($child, $status);
                echo $status, ' ';
            }
            echo $create() === $id ? 'same' : 'other', ' ', $opened;
            PHP;
        self::assertSame('0 0 same 1', Script::run(\str_replace('CONNECT', $this->code(), $code)));
    }

    public function testDedicatedConnectionIsNotUsedInAFork(): void
    {
        $client = $this->client(new PdoJournal($this->connect()));
        $id = self::pay($client);
        $failure = Script::fork(static fn () => self::pay($client));
        self::assertStringContainsString('its connection was opened before a fork', $failure);
        self::assertStringContainsString('nothing was sent', $failure);
        self::assertSame($id, self::pay($client));
    }

    public function testProcessesShareTheTable(): void
    {
        $code = '$client = $client()->withJournal(new \KopoKopo\Journal\PdoJournal(fn () => CONNECT))->withOptions(inProgressWait: 30.0);'
            . 'for ($wage = 0; $wage < 5; $wage++) {'
            . ' echo $client->incomingPayments->create(...$push, idempotencyKey: "wage-{$wage}")->id(), " "; }';
        $code = \str_replace('CONNECT', $this->code(), $code);
        $workers = \array_map(static fn () => Script::start($code), \range(1, 3));
        $outputs = \array_map(Script::end(...), $workers);
        self::assertCount(1, \array_unique($outputs, \SORT_REGULAR), \print_r($outputs, true));
        self::assertSame(['', 0], \array_slice($outputs[0], 1));
        self::assertSame(5, $this->sandbox->count());
    }

    public function testRollbackOfTheProgramDoesNotRemoveTheRecord(): void
    {
        $client = $this->client();
        $program = $this->connect();
        $program->beginTransaction();
        $id = self::pay($client);
        $program->rollBack();
        self::assertSame($id, self::pay($client));
        self::assertSame(1, $this->sandbox->count());
    }

    public function testConnectionInsideOfATransactionIsRefused(): void
    {
        $begin = [static fn (PDO $shared) => $shared->beginTransaction(), static fn (PDO $shared) => $shared->exec('BEGIN')];
        foreach ($begin as $open) {
            $shared = $this->connect();
            $client = $this->client(new PdoJournal($shared));
            $open($shared);
            try {
                new PdoJournal($shared);
                self::fail('a rollback would remove the record');
            } catch (ConfigurationException $error) {
                self::assertStringContainsString('inside of a transaction of the program', $error->detail);
            }
            try {
                self::pay($client);
                self::fail('a rollback would remove the record');
            } catch (JournalException $error) {
                self::assertStringContainsString('inside of a transaction of the program', $error->detail);
            }
            $shared->exec('ROLLBACK');
        }
        self::assertSame(0, $this->sandbox->count());
    }

    public function testMissingTablesAreNamedAndNothingIsSent(): void
    {
        try {
            self::pay($this->client($this->journal(createTables: false)));
            self::fail('there is no table');
        } catch (JournalException $error) {
            self::assertStringContainsString('the table kopokopo_journal does not exist', $error->detail);
            self::assertStringContainsString('journalSchema', $error->detail);
            self::assertInstanceOf(ConfigurationException::class, $error->getPrevious());
        }
        self::assertSame(0, $this->sandbox->count());
        $this->createTables();
        self::assertNotSame('', self::pay($this->client($this->journal(createTables: false))));
    }

    public function testLostResponseIsUnknownUntilItsResultIsObserved(): void
    {
        $client = $this->client();
        $this->sandbox->fault(['kind' => 'reset_after_effect']);
        for ($call = 0; $call < 2; $call++) {
            try {
                self::pay($client);
                self::fail('the response is lost');
            } catch (OutcomeUnknownException $error) {
                self::assertSame('order-1', $error->idempotencyKey);
            }
        }
        $end = \hrtime(true) + 20e9;
        do {
            $deliveries = \array_filter(
                $this->sandbox->control('GET', 'deliveries'),
                static fn (array $found) => \str_contains($found['body'], 'order-1') && \str_contains($found['body'], 'Incoming Payment'),
            );
            self::assertLessThan($end, \hrtime(true), 'no result was sent');
            \usleep(20_000);
        } while ($deliveries === []);
        $event = $client->webhooks->parseUnverified(\end($deliveries)['body']);
        $record = $client->journal->observe($event);
        self::assertSame(['accepted', $event->id], [(string) $record?->state, $record?->id]);
        self::assertSame($event->id, self::pay($client));
        self::assertSame(1, $this->sandbox->count());
    }

    public function testOutcomeThatIsNotWrittenIsAWarningWithTheKey(): void
    {
        $store = self::failing($this->journal(), static fn (array $asked) => \str_starts_with($asked['sql'] ?? '', 'UPDATE'));
        $before = \ini_set('error_log', $log = (string) \tempnam(\sys_get_temp_dir(), 'k2'));
        try {
            $key = "{$this->dialect()}-1";
            self::assertNotSame('', self::pay($this->sandbox->client()->withJournal($store), $key));
            $lines = (string) \file_get_contents($log);
        } finally {
            \ini_set('error_log', (string) $before);
            \unlink($log);
        }
        self::assertSame(1, \substr_count($lines, "\n"), $lines);
        self::assertStringContainsString("could not write the outcome (accepted) of incoming_payments.create with the idempotency key {$key}:", $lines);
        self::assertStringNotContainsString('a-text', $lines);
        Log::shared()->take();
        self::pay($this->sandbox->client(logger: Log::shared())->withJournal($store), "{$this->dialect()}-2");
        self::assertMatchesRegularExpression("/^warning: kopokopo: the journal could not write .* {$this->dialect()}-2:/m", Log::shared()->take());
    }

    /** A store that fails to run some requests. */
    protected static function failing(Store $store, Closure $fails): Store
    {
        return new class ($store, $fails) implements Store {
            public function __construct(private readonly Store $store, private readonly Closure $fails)
            {
            }

            public function __invoke(string $request): string
            {
                return ($this->fails)(\json_decode($request, true)) ? throw new DomainException('a-text') : ($this->store)($request);
            }

            public function dialect(): ?string
            {
                return $this->store->dialect();
            }

            public function createsTables(): bool
            {
                return $this->store->createsTables();
            }
        };
    }

    public function testEventIsClaimedOnceAndAgainAfterARollback(): void
    {
        $this->createTables();
        // What the program has set must not matter.
        $connection = $this->connect();
        $connection->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_SILENT);
        $claims = [];
        foreach ([false, true, true] as $isCommitted) {
            $connection->beginTransaction();
            $claims[] = Once::claim($connection, Sandbox::event());
            $isCommitted ? $connection->commit() : $connection->rollBack();
        }
        self::assertSame([true, true, false], $claims);
        self::assertSame(PDO::ERRMODE_SILENT, $connection->getAttribute(PDO::ATTR_ERRMODE));
        // The payment's other event has the same key.
        $connection->exec('BEGIN');
        self::assertTrue(Once::claim($connection, Sandbox::event('webhook-buygoods_transaction_received')));
        $connection->exec('COMMIT');
    }

    public function testClaimNeedsATransactionAndItsTable(): void
    {
        $connection = $this->connect();
        $connection->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_SILENT);
        try {
            Once::claim($connection, Sandbox::event());
            self::fail('the claim would be committed at once');
        } catch (ConfigurationException $error) {
            self::assertStringContainsString('must be inside of a transaction', $error->detail);
            self::assertSame('connection', $error->field);
        }
        $connection->beginTransaction();
        try {
            Once::claim($connection, Sandbox::event());
            self::fail('there is no table');
        } catch (ConfigurationException $error) {
            self::assertStringContainsString('the table kopokopo_events does not exist', $error->detail);
            self::assertInstanceOf(PDOException::class, $error->getPrevious());
        }
    }

    public function testParallelClaimsHaveOneEffect(): void
    {
        $this->createTables();
        $this->connect()->exec('CREATE TABLE orders (credits BIGINT)');
        $this->connect()->exec('INSERT INTO orders VALUES (0)');
        $deliver = function (): void {
            $own = $this->connect();
            $this->begin($own);
            if (Once::claim($own, Sandbox::event())) {
                $own->exec('UPDATE orders SET credits = credits + 1');
            }
            $own->exec('COMMIT');
        };
        $children = \array_map(static fn () => Script::begin($deliver), \range(1, 8));
        foreach ($children as $child) {
            self::assertTrue(Script::succeeded($child));
        }
        self::assertSame(1, (int) $this->connect()->query('SELECT credits FROM orders')->fetchColumn());
    }

    protected function begin(PDO $connection): void
    {
        $connection->exec('BEGIN');
    }
}
