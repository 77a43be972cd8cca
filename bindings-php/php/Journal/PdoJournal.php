<?php

declare(strict_types=1);

namespace KopoKopo\Journal;

use KopoKopo\Exception\ConfigurationException;
use KopoKopo\Internal\Database;
use KopoKopo\Internal\Handler;
use PDO;
use PDOException;

use function KopoKopo\Internal\native_abandon;

/**
 * A journal in a database: a file of SQLite, PostgreSQL, MySQL or MariaDB. It has a connection of its own, and commits each
 * statement: a rollback of the program must not remove the record of a request that was sent.
 *
 *     $client = Client::fromEnv()->withJournal(PdoJournal::sqlite('/var/lib/shop/payments.db'));
 *     $client = Client::fromEnv()->withJournal(new PdoJournal(static fn () => new PDO($dsn, $user, $password)));
 */
final class PdoJournal implements Store
{
    private const SHARED = 'its connection is inside of a transaction of the program: open a connection for the journal alone. '
        . 'A persistent one needs a name of its own: [PDO::ATTR_PERSISTENT => \'kopokopo-journal\']';

    /** How many seconds a connection that was just used is trusted without a test. */
    private const TRUSTED = 1.0;

    /** The errors of a wait for a lock that took too long: of SQLite, and of MySQL and MariaDB. PostgreSQL has a state. */
    private const LOCKED = [5, 1205];

    private const POSTGRES_LOCKED = '55P03';

    /** How many milliseconds SQLite waits for a lock before the signals of the process and the time limit are checked. */
    private const PART = 100;

    /** How many seconds a server waits for one: its shortest time. */
    private const SERVER_PART = 1;

    /** The process that used the first journal. A persistent connection of it must not be used in a fork. */
    private static int $first = 0;

    private ?PDO $connection = null;

    private readonly ?\Closure $connect;

    /** The file of SQLite. */
    private string $path = '';

    /** @var array{int, int}|null What identifies the file that is open. */
    private ?array $file = null;

    private int $process = 0;

    private int $used = 0;

    /**
     * @param (callable(): PDO)|PDO $connection Opens a connection for the journal alone, each time it is called. Or a
     *     connection that only the journal uses: then it is not opened again if the server closes it, and not usable after
     *     a fork.
     * @param bool $createTables Whether the tables are created if they do not exist.
     */
    public function __construct(
        #[\SensitiveParameter] callable|PDO $connection,
        private readonly bool $createTables = true,
        private readonly float $timeout = 30.0,
    ) {
        if (self::$first === 0) {
            self::$first = \getmypid();
        }
        if (!$connection instanceof PDO) {
            $this->connect = $connection(...);

            return;
        }
        $this->connect = null;
        if (Database::isInTransaction($connection)) {
            throw Database::refuse(self::SHARED);
        }
        $this->adopt($connection);
    }

    /**
     * A journal in a file of SQLite, for programs on one machine. The file is created if it does not exist.
     *
     * @param string $path The file. A relative path is one of the folder in which the program is now.
     * @param float $timeout How many seconds a statement waits for other writers. It ends with the call too.
     */
    public static function sqlite(string $path, bool $createTables = true, float $timeout = 30.0): self
    {
        if ($path === '' || $path === ':memory:' || \str_starts_with($path, 'file:')) {
            throw new ConfigurationException('path: must be a file, because a journal must survive the program', field: 'path');
        }
        // Later connections must open the same file, also after the program has changed its folder.
        $path = $path[0] === '/' || \preg_match('/^[a-z]:|^\\\\/i', $path) === 1 ? $path : \getcwd() . \DIRECTORY_SEPARATOR . $path;
        $connect = static function () use ($path): PDO {
            try {
                return new PDO("sqlite:{$path}");
            } catch (PDOException $error) {
                throw new \RuntimeException("{$error->getMessage()}: {$path}", 0, $error);
            }
        };

        return new self($connect, $createTables, $timeout);
    }

    /** The connection is asked for its database. */
    public function dialect(): string
    {
        return 'ask';
    }

    public function createsTables(): bool
    {
        return $this->createTables;
    }

    public function __invoke(string $request): string
    {
        $asked = \json_decode($request, true, 16, \JSON_THROW_ON_ERROR);
        $isDialect = ($asked['operation'] ?? null) === 'dialect';
        if (!$isDialect && !isset($asked['sql'])) {
            // The library knew of a function only, and did not make SQL.
            throw new \RuntimeException('pass the PdoJournal itself to withJournal(), not a function that calls it');
        }
        $connection = $this->connection();
        $this->refuseOtherFile();
        if (Database::isInTransaction($connection)) {
            if ((bool) $connection->getAttribute(PDO::ATTR_PERSISTENT)) {
                // It is the program's too, and PDO rolls back the transaction when one of the two objects is released.
                native_abandon($connection);
                $this->forget();
            }
            throw new \RuntimeException(self::SHARED);
        }
        if ($isDialect) {
            return \json_encode(Database::dialect($connection), \JSON_THROW_ON_ERROR);
        }
        try {
            $result = $this->whileLocked(
                static fn () => Database::run($connection, 'kopokopo_journal', $asked['sql'], $asked['parameters']),
            );
        } catch (PDOException $error) {
            // A broken connection is not used again.
            $this->forget();
            throw $error;
        }
        $this->used = \hrtime(true);

        return \json_encode($result, \JSON_THROW_ON_ERROR | \JSON_INVALID_UTF8_SUBSTITUTE);
    }

    private function connection(): PDO
    {
        if ($this->connection !== null && $this->process !== \getmypid()) {
            $this->abandon();
        }
        if ($this->connection !== null && $this->connect !== null && !$this->isAlive($this->connection)) {
            $this->forget();
        }
        if ($this->connection === null) {
            $this->adopt($this->open());
        }

        return $this->connection;
    }

    private function open(): PDO
    {
        if ($this->connect === null) {
            throw new \RuntimeException(
                'its connection was opened before a fork: pass a function that opens a connection',
            );
        }
        $opened = ($this->connect)();
        if (!$opened instanceof PDO) {
            throw new \RuntimeException('the function that opens its connection returned ' . \get_debug_type($opened) . '; expected a PDO');
        }

        return $opened;
    }

    /** Takes a connection, if this process opened it and it has the attributes that a journal needs. */
    private function adopt(#[\SensitiveParameter] PDO $connection): void
    {
        if ((bool) $connection->getAttribute(PDO::ATTR_PERSISTENT) && self::$first !== \getmypid()) {
            // PHP gives it to each who asks, also one that the parent process opened.
            native_abandon($connection);
            throw new \RuntimeException('a persistent connection is not usable after a fork: open it without PDO::ATTR_PERSISTENT');
        }
        Database::strictly($connection, fn () => match (Database::dialect($connection)) {
            'sqlite' => $this->prepareFile($connection),
            'postgres' => $connection->exec('SET synchronous_commit = on; SET lock_timeout = \'' . self::SERVER_PART . 's\''),
            'mysql' => $this->prepareServer($connection),
        });
        [$this->connection, $this->process, $this->used] = [$connection, \getmypid(), \hrtime(true)];
    }

    /** Commits are on the disk when they return. A new file gets a write-ahead log; one with tables keeps its mode. */
    private function prepareFile(PDO $connection): void
    {
        $found = static fn (string $sql): array => $connection->query($sql)->fetch(PDO::FETCH_NUM);
        $this->path = (string) $found('PRAGMA database_list')[2];
        if ($this->path === '') {
            throw Database::refuse('its database is in memory: it must be a file, because a journal must survive the program');
        }
        $connection->exec('PRAGMA busy_timeout = ' . self::PART);
        $this->whileLocked(static function () use ($connection, $found): void {
            $connection->exec('PRAGMA synchronous = FULL');
            if ((int) $found('SELECT count(*) FROM sqlite_master')[0] === 0) {
                $connection->exec('PRAGMA journal_mode = WAL');
            }
        });
        $this->file = self::fileAt($this->path);
    }

    /** A record in a file that other processes do not find protects from nothing. */
    private function refuseOtherFile(): void
    {
        if ($this->file !== null && $this->file !== self::fileAt($this->path)) {
            throw new \RuntimeException(
                "the file {$this->path} was deleted or replaced while it was open. Its records are not in another file: restore it, "
                . 'or find out what was sent, and start the program again',
            );
        }
    }

    /** @return array{int, int}|null What identifies the file at a path. */
    private static function fileAt(string $path): ?array
    {
        \clearstatcache(true, $path);
        $found = @\stat($path);

        return $found === false ? null : [$found['dev'], $found['ino']];
    }

    /**
     * Waits for the locks of others in parts: one wait of the database would go on after the end of the call. And while
     * another process sets the mode of a new file, SQLite does not wait. A statement that failed in this way did nothing.
     */
    private function whileLocked(\Closure $work): mixed
    {
        $end = \hrtime(true) + $this->timeout * 1e9;
        while (true) {
            try {
                return $work();
            } catch (PDOException $error) {
                $isLocked = \in_array($error->errorInfo[1] ?? null, self::LOCKED, true) || $error->getCode() === self::POSTGRES_LOCKED;
                if (!$isLocked || \hrtime(true) > $end || Handler::isOver()) {
                    throw $error;
                }
                \usleep(10_000);
            }
        }
    }

    private function prepareServer(PDO $connection): void
    {
        if (!(bool) $connection->getAttribute(PDO::ATTR_AUTOCOMMIT)) {
            throw Database::refuse('must commit each statement: open it without PDO::ATTR_AUTOCOMMIT => false');
        }
        $connection->exec(\sprintf('SET SESSION innodb_lock_wait_timeout = %1$d, lock_wait_timeout = %1$d', self::SERVER_PART));
    }

    /** Whether the connection works. The server may have closed it, and a statement that fails makes the call fail. */
    private function isAlive(PDO $connection): bool
    {
        if (\hrtime(true) - $this->used < self::TRUSTED * 1e9 || Database::dialect($connection) === 'sqlite') {
            return true;
        }
        try {
            Database::strictly($connection, static fn () => $connection->query('SELECT 1')->fetchAll());

            return true;
        } catch (PDOException) {
            return false;
        }
    }

    private function forget(): void
    {
        if ($this->connect !== null) {
            $this->connection = null;
        }
    }

    /**
     * A connection of the parent process. To end it would end the parent's session with its server. With SQLite it is the
     * other way round: the memory of the process says that the file is locked, and only its end corrects that.
     */
    private function abandon(): void
    {
        if ($this->connection !== null && Database::dialect($this->connection) !== 'sqlite') {
            native_abandon($this->connection);
        }
        $this->connection = null;
    }

    public function __destruct()
    {
        if ($this->process !== \getmypid()) {
            $this->abandon();
        }
    }

    public function __clone()
    {
        throw new \LogicException('a journal cannot be cloned');
    }

    /** @return never */
    public function __serialize(): array
    {
        throw new \LogicException('a journal cannot be serialized');
    }

    /** @return array{createTables: bool} */
    public function __debugInfo(): array
    {
        return ['createTables' => $this->createTables];
    }
}
