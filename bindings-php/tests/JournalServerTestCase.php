<?php

declare(strict_types=1);

use K2Test\Support\Sandbox;
use KopoKopo\Exception\JournalException;
use KopoKopo\Exception\TimeoutException;
use KopoKopo\Journal\PdoJournal;
use KopoKopo\Once;

require_once __DIR__ . '/JournalTestCase.php';

/** On a server, which can close connections, and which PHP can keep for later scripts. */
abstract class JournalServerTestCase extends JournalTestCase
{
    /** The DSN and the user. */
    abstract protected static function server(): array;

    /** Ends all other sessions, and returns their number. */
    abstract protected function endSessions(): int;

    protected function connect(array $options = []): PDO
    {
        [$dsn, $user] = static::server();

        return new PDO($dsn, $user, '', $options);
    }

    protected function code(): string
    {
        return 'new PDO(' . \implode(', ', \array_map(static fn (string $part) => \var_export($part, true), static::server())) . ", '')";
    }

    public function testSessionThatTheServerEndedIsReplacedAfterAWhile(): void
    {
        $client = $this->client();
        $id = self::pay($client);
        // Idle for longer than a connection is trusted.
        \usleep(1_100_000);
        self::assertGreaterThan(0, $this->endSessions());
        self::assertSame($id, self::pay($client));
    }

    public function testCallAfterABrokenConnectionWorks(): void
    {
        $journal = $this->journal();
        $client = $this->client($journal);
        self::pay($client);
        $this->endSessions();
        // As if it had been used just now, however slow this machine is.
        (new ReflectionProperty($journal, 'used'))->setValue($journal, \PHP_INT_MAX);
        try {
            self::pay($client, 'order-2');
            self::fail('the connection was trusted');
        } catch (JournalException $error) {
            self::assertStringContainsString('nothing was sent', $error->detail);
            self::assertInstanceOf(PDOException::class, $error->getPrevious());
        }
        self::assertSame(1, $this->sandbox->count());
        self::pay($client, 'order-2');
        self::assertSame(2, $this->sandbox->count());
    }

    public function testServerThatCannotBeReachedSendsNothing(): void
    {
        $isUp = false;
        $client = $this->client(new PdoJournal(function () use (&$isUp): PDO {
            [$dsn, $user] = static::server();

            return new PDO($isUp ? $dsn : \preg_replace('/port=\d+/', 'port=1', $dsn), $user, '');
        }));
        try {
            self::pay($client);
            self::fail('nothing listens there');
        } catch (JournalException $error) {
            self::assertStringContainsString('PDOException', $error->detail);
        }
        self::assertSame(0, $this->sandbox->count());
        $isUp = true;
        self::pay($client);
        self::assertSame(1, $this->sandbox->count());
    }

    public function testLockedTableEndsTheCallAtItsTimeout(): void
    {
        self::pay($this->client(), 'order-0');
        $client = $this->client()->withOptions(timeout: 2.0);
        self::assertNotNull($client->journal->get('order-0'));
        $other = $this->connect([PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        $isMysql = $this->dialect() === 'mysql';
        $other->exec($isMysql ? 'LOCK TABLES kopokopo_journal WRITE' : 'BEGIN; LOCK TABLE kopokopo_journal IN EXCLUSIVE MODE');
        $start = \hrtime(true);
        try {
            self::pay($client, 'order-1');
            self::fail('the table is locked');
        } catch (TimeoutException $error) {
            self::assertStringContainsString('nothing was sent', $error->detail);
        }
        self::assertLessThan(8.0, (\hrtime(true) - $start) / 1e9, "the journal's own limit is 30 s");
        $other->exec($isMysql ? 'UNLOCK TABLES' : 'ROLLBACK');
        self::assertSame(1, $this->sandbox->count());
        self::pay($client, 'order-1');
        self::assertSame(2, $this->sandbox->count());
    }

    public function testPersistentConnectionNeedsANameOfItsOwn(): void
    {
        $code = <<<'PHP'
            $open = static fn (bool|string $name) => new PDO($argv[4], $argv[5], '', [PDO::ATTR_PERSISTENT => $name]);
            $pay = static fn (bool|string $name) => $client()->withJournal(new \KopoKopo\Journal\PdoJournal(static fn () => $open($name)))
                ->incomingPayments->create(...$push, idempotencyKey: 'order-1')->id();
            $program = $open(true);
            $program->beginTransaction();
            try {
                $pay(true);
            } catch (\KopoKopo\Exception\JournalException $error) {
                echo $error->detail, "\n";
            }
            $id = $pay('kopokopo-journal');
            $program->rollBack();
            echo $id === $pay('kopokopo-journal') ? 'same' : 'other', "\n";
            // PHP would give the fork the connection of its parent.
            $child = \pcntl_fork();
            if ($child === 0) {
                try {
                    $pay('kopokopo-journal');
                } catch (\KopoKopo\Exception\JournalException $error) {
                    echo $error->detail;
                }
                \posix_kill(\getmypid(), \SIGKILL);
            }
            \pcntl_waitpid($child, $status);
            echo "\n", $id === $pay('kopokopo-journal') ? 'same' : 'other';
            PHP;
        $lines = \explode("\n", Script::run($code, static::server()));
        self::assertStringContainsString('inside of a transaction of the program', $lines[0]);
        self::assertStringContainsString('kopokopo-journal', $lines[0]);
        self::assertStringContainsString('a persistent connection is not usable after a fork', $lines[2]);
        self::assertSame(['same', 'same'], [$lines[1], $lines[3]]);
        self::assertSame(1, $this->sandbox->count());
    }

    public function testClaimWaitsForTheTransactionThatHasTheEvent(): void
    {
        $this->createTables();
        $first = $this->connect();
        $first->beginTransaction();
        self::assertTrue(Once::claim($first, Sandbox::event()));
        $code = <<<'PHP'
            require $argv[1] . '/Support/load.php';
            $own = new PDO($argv[4], $argv[5], '');
            $own->beginTransaction();
            echo 'begun';
            echo \KopoKopo\Once::claim($own, \K2Test\Support\Sandbox::event()) ? ' first' : ' handled';
            $own->commit();
            PHP;
        $second = Script::start($code, static::server());
        self::assertSame('begun', \fread($second[1][1], 5));
        \usleep(300_000);
        $first->rollBack();
        self::assertSame([' first', '', 0], Script::end($second), 'the first handler failed');
        $first->beginTransaction();
        self::assertFalse(Once::claim($first, Sandbox::event()));
        $first->rollBack();
    }
}
