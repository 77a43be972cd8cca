<?php

declare(strict_types=1);

use K2Test\Support\Sandbox;
use KopoKopo\Exception\ConfigurationException;
use KopoKopo\Exception\JournalException;
use KopoKopo\Exception\TimeoutException;
use KopoKopo\Journal\PdoJournal;

require_once __DIR__ . '/JournalTestCase.php';

/** In a file of SQLite. */
final class JournalSqliteTest extends JournalTestCase
{
    private string $folder;

    protected function setUp(): void
    {
        // Without digits: errors redact what looks like a phone number.
        $this->folder = \sys_get_temp_dir() . '/k2-' . \strtr(\bin2hex(\random_bytes(8)), '0123456789', 'ghijklmnop');
        \mkdir($this->folder);
        parent::setUp();
    }

    protected function tearDown(): void
    {
        \array_map(\unlink(...), \glob("{$this->folder}/*.db*"));
        \rmdir($this->folder);
    }

    protected function dialect(): string
    {
        return 'sqlite';
    }

    protected function connect(array $options = []): PDO
    {
        return new PDO("sqlite:{$this->folder}/shop.db", null, null, $options);
    }

    protected function code(): string
    {
        return "new PDO('sqlite:{$this->folder}/shop.db')";
    }

    /** SQLite refuses at once what would deadlock: two transactions that read and then write. */
    protected function begin(PDO $connection): void
    {
        $connection->exec('BEGIN IMMEDIATE');
    }

    private static function setting(PDO $connection, string $name): string
    {
        return (string) $connection->query("PRAGMA {$name}")->fetchColumn();
    }

    public function testDatabaseInMemoryIsRefused(): void
    {
        foreach (['', ':memory:', 'file:x?mode=memory'] as $path) {
            try {
                PdoJournal::sqlite($path);
                self::fail($path);
            } catch (ConfigurationException $error) {
                self::assertSame('path', $error->field);
            }
        }
        try {
            new PdoJournal(new PDO('sqlite::memory:'));
            self::fail('it forgets what was sent');
        } catch (ConfigurationException $error) {
            self::assertStringContainsString('in memory', $error->detail);
        }
        foreach (['sqlite::memory:', 'sqlite:'] as $dsn) {
            try {
                self::pay($this->client(new PdoJournal(static fn () => new PDO($dsn))));
                self::fail('it forgets what was sent');
            } catch (JournalException $error) {
                self::assertStringContainsString('its database is in memory', $error->detail);
            }
        }
        self::assertSame(0, $this->sandbox->count());
    }

    public function testRelativePathMeansTheSameFileInEveryFolder(): void
    {
        $before = \getcwd();
        \chdir($this->folder);
        $journal = PdoJournal::sqlite('payments.db');
        \chdir($before);
        self::pay($this->client($journal));
        self::assertFileExists("{$this->folder}/payments.db");
    }

    public function testFileThatCannotBeOpenedIsNamed(): void
    {
        $this->expectException(JournalException::class);
        $this->expectExceptionMessageMatches("#unable to open database file.*{$this->folder}/none/payments.db#");
        self::pay($this->client(PdoJournal::sqlite("{$this->folder}/none/payments.db")));
    }

    public function testNewFileGetsAWriteAheadLogAndAnotherKeepsItsMode(): void
    {
        self::pay($this->client(PdoJournal::sqlite("{$this->folder}/new.db")));
        self::assertSame('wal', self::setting(new PDO("sqlite:{$this->folder}/new.db"), 'journal_mode'));
        $this->connect()->exec('CREATE TABLE orders (credits BIGINT)');
        self::pay($this->client(PdoJournal::sqlite("{$this->folder}/shop.db")));
        self::assertSame('delete', self::setting($this->connect(), 'journal_mode'));
        $own = $this->connect();
        $own->exec('PRAGMA synchronous = OFF');
        self::pay($this->client(new PdoJournal($own)));
        self::assertSame('2', self::setting($own, 'synchronous'));
        self::assertSame('100', self::setting($own, 'busy_timeout'));
    }

    public function testProcessesOpenANewFileTogether(): void
    {
        for ($attempt = 0; $attempt < 5; $attempt++) {
            $statement = '{"sql": "CREATE TABLE IF NOT EXISTS a (b INTEGER)", "parameters": []}';
            $open = fn () => PdoJournal::sqlite("{$this->folder}/new-{$attempt}.db")($statement);
            $children = \array_map(static fn () => Script::begin($open), \range(1, 8));
            foreach ($children as $child) {
                self::assertTrue(Script::succeeded($child));
            }
        }
    }

    public function testStatementWaitsForAnotherWriter(): void
    {
        self::pay($this->client(), 'order-0');
        $writer = $this->connect();
        $writer->exec('BEGIN IMMEDIATE');
        $code = "echo 'begun'; \$client()->withJournal(KopoKopo\\Journal\\PdoJournal::sqlite(\$argv[4]))->incomingPayments"
            . "->create(...\$push, idempotencyKey: 'order-1');";
        $started = Script::start($code, ["{$this->folder}/shop.db"]);
        self::assertSame('begun', \fread($started[1][1], 5));
        \usleep(500_000);
        self::assertSame(1, $this->sandbox->count(), 'nothing is sent before the journal is written');
        $writer->exec('COMMIT');
        self::assertSame(['', '', 0], Script::end($started));
        self::assertSame(2, $this->sandbox->count());
    }

    public function testLockedFileEndsTheCallAtItsTimeout(): void
    {
        self::pay($this->client(), 'order-0');
        $writer = $this->connect();
        $writer->exec('BEGIN IMMEDIATE');
        foreach (['a new connection' => null, 'the same connection' => 'order-0'] as $case => $before) {
            $client = $this->client(PdoJournal::sqlite("{$this->folder}/shop.db"))->withOptions(timeout: 1.0);
            $before === null || self::assertNotNull($client->journal->get($before));
            $start = \hrtime(true);
            try {
                self::pay($client, 'order-1');
                self::fail('the file is locked');
            } catch (TimeoutException $error) {
                self::assertStringContainsString('nothing was sent', $error->detail);
            }
            self::assertLessThan(5.0, (\hrtime(true) - $start) / 1e9, "{$case}: the journal's own limit is 30 s");
        }
        $writer->exec('COMMIT');
        self::assertSame(1, $this->sandbox->count());
        self::pay($client, 'order-1');
        self::assertSame(2, $this->sandbox->count());
    }

    /** @return iterable<string, array{Closure}> */
    public static function replacements(): iterable
    {
        $remove = static fn (string $file) => \array_map(\unlink(...), \glob("{$file}*"));
        yield 'deleted' => [$remove];
        yield 'replaced' => [static function (string $file) use ($remove): void {
            // The other file exists before, so that it cannot have the number of the first.
            (new PDO("sqlite:{$file}.db"))->exec('CREATE TABLE a (b INTEGER)');
            $remove($file . '-');
            \rename("{$file}.db", $file);
        }];
    }

    /** @dataProvider replacements */
    public function testDeletedOrReplacedFileIsNamedAndNothingIsSent(Closure $replace): void
    {
        $file = "{$this->folder}/payments.db";
        $client = $this->client(PdoJournal::sqlite($file));
        self::pay($client, 'order-0');
        $replace($file);
        for ($attempt = 0; $attempt < 2; $attempt++) {
            try {
                self::pay($client, 'order-1');
                self::fail('the record would be lost');
            } catch (JournalException $error) {
                self::assertStringContainsString("the file {$file} was deleted or replaced while it was open", $error->detail);
            }
        }
        self::assertSame(1, $this->sandbox->count());
    }

    public function testForkHasLocksOfItsOwnAfterTheParentEnded(): void
    {
        // SQLite keeps the locks of a file in the memory of the process, so a fork that keeps the connection of its parent
        // has no lock: the end of the parent would remove the log to which the fork writes.
        $code = <<<'PHP'
            $client = $client()->withJournal(\KopoKopo\Journal\PdoJournal::sqlite($argv[4]));
            $create = static fn (string $key) => $client->incomingPayments->create(...$push, idempotencyKey: $key)->id();
            $create('parent');
            if (\pcntl_fork() === 0) {
                $create('child-before');
                $parent = \posix_getppid();
                \touch($argv[5]);
                while (\posix_getppid() === $parent) {
                    \usleep(10_000);
                }
                $create('child-after');
                echo 'paid';
                while (\is_file($argv[5])) {
                    \usleep(10_000);
                    \clearstatcache();
                }
            } else {
                while (!\is_file($argv[5])) {
                    \usleep(10_000);
                    \clearstatcache();
                }
            }
            PHP;
        $started = Script::start($code, ["{$this->folder}/new.db", "{$this->folder}/fork.db"]);
        self::assertSame('paid', \fread($started[1][1], 4));
        $journal = $this->client(PdoJournal::sqlite("{$this->folder}/new.db"))->journal;
        $keys = \array_map(static fn ($record) => "{$record->key} {$record->state}", $journal->list());
        \unlink("{$this->folder}/fork.db");
        self::assertSame(['', '', 0], Script::end($started));
        self::assertSame(['child-after accepted', 'child-before accepted', 'parent accepted'], $keys);
    }

    public function testErrorOfAnotherTableIsTheDrivers(): void
    {
        $this->createTables();
        $connection = $this->connect();
        $connection->exec('CREATE TRIGGER log AFTER INSERT ON kopokopo_events BEGIN INSERT INTO log_of_shop VALUES (1); END');
        $connection->beginTransaction();
        $this->expectException(PDOException::class);
        $this->expectExceptionMessage('log_of_shop');
        KopoKopo\Once::claim($connection, Sandbox::event());
    }
}
