<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

use KopoKopo\Exception\ConfigurationException;
use PDO;
use PDOException;

/**
 * What a journal and `Once` have in common: a PDO connection.
 *
 * @internal
 */
final class Database
{
    private const DIALECTS = ['sqlite' => 'sqlite', 'pgsql' => 'postgres', 'mysql' => 'mysql'];

    public static function dialect(PDO $connection): string
    {
        $driver = $connection->getAttribute(PDO::ATTR_DRIVER_NAME);

        return self::DIALECTS[$driver] ?? throw self::refuse("must be of SQLite, PostgreSQL, MySQL or MariaDB, and is of {$driver}");
    }

    /** Whether a transaction is open, also one that began with the statement `BEGIN`. */
    public static function isInTransaction(PDO $connection): bool
    {
        if ($connection->inTransaction()) {
            return true;
        }
        if (self::dialect($connection) !== 'sqlite') {
            // The driver asks the connection.
            return false;
        }
        // The driver knows only of the transactions that it began.
        try {
            self::strictly($connection, static fn () => $connection->exec('BEGIN'));
        } catch (PDOException $error) {
            if (\str_contains($error->getMessage(), 'within a transaction')) {
                return true;
            }
            throw $error;
        }
        self::strictly($connection, static fn () => $connection->exec('ROLLBACK'));

        return false;
    }

    /**
     * Runs a statement. If a table does not exist, the error says so.
     *
     * @param list<int|string|null> $parameters
     * @return array{rows: list<list<int|string|null>>, changed: int}
     */
    public static function run(PDO $connection, string $table, string $sql, array $parameters): array
    {
        return self::strictly($connection, static function () use ($connection, $table, $sql, $parameters): array {
            try {
                $statement = $connection->prepare($sql);
                foreach ($parameters as $at => $value) {
                    $type = match (true) {
                        $value === null => PDO::PARAM_NULL,
                        \is_int($value) => PDO::PARAM_INT,
                        default => PDO::PARAM_STR,
                    };
                    $statement->bindValue($at + 1, $value, $type);
                }
                $statement->execute();
                if ($statement->columnCount() > 0) {
                    return ['rows' => $statement->fetchAll(PDO::FETCH_NUM), 'changed' => 0];
                }

                return ['rows' => [], 'changed' => \max($statement->rowCount(), 0)];
            } catch (PDOException $error) {
                throw self::isMissing($error, $table) ? self::refuse(
                    "the table {$table} does not exist: create it in a migration with the statements of "
                    . 'KopoKopo\journalSchema($dialect)',
                    $error,
                ) : $error;
            }
        });
    }

    /** Runs something with errors that are thrown, and nulls that stay null, whatever the program has set. */
    public static function strictly(PDO $connection, \Closure $work): mixed
    {
        $before = [];
        foreach ([PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_ORACLE_NULLS => PDO::NULL_NATURAL] as $name => $value) {
            $before[$name] = $connection->getAttribute($name);
            $connection->setAttribute($name, $value);
        }
        try {
            return $work();
        } finally {
            foreach ($before as $name => $value) {
                $connection->setAttribute($name, $value);
            }
        }
    }

    private static function isMissing(PDOException $error, string $table): bool
    {
        $text = $error->getMessage();
        // Of PostgreSQL, and of MySQL and MariaDB.
        $isMissing = \in_array((string) $error->getCode(), ['42P01', '42S02'], true) || \str_contains($text, 'no such table');

        return $isMissing && \str_contains($text, $table);
    }

    public static function refuse(string $remedy, ?\Throwable $cause = null): ConfigurationException
    {
        $error = new ConfigurationException("connection: {$remedy}", field: 'connection');
        if ($cause !== null) {
            (new \ReflectionProperty(\Exception::class, 'previous'))->setValue($error, $cause);
        }

        return $error;
    }
}
