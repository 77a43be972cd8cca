<?php

declare(strict_types=1);

namespace KopoKopo;

use KopoKopo\Internal\Database;
use PDO;

/** Events that are handled once. */
final class Once
{
    private function __construct()
    {
    }

    /**
     * Claims an event inside of the program's own database transaction. Returns whether it is the first time: then handle it,
     * and commit. If the transaction is rolled back, the next delivery is the first again. While another transaction claims
     * the same event, it waits. Payments are claimed by their `paymentKey`, because one payment can be reported by two
     * events; others by their `dedupeKey`. Claim only an event that you handle, after a check of its type: the claim takes the
     * payment from its other event.
     *
     * The table `kopokopo_events` must exist: `journalSchema()` has its statement.
     *
     * @throws Exception\ConfigurationException if the connection is not inside of a transaction, or the table does not exist
     * @throws \PDOException those of the database
     */
    public static function claim(PDO $connection, Event $event): bool
    {
        // A claim that is committed before the handler has succeeded loses the event if the handler fails.
        if (!Database::isInTransaction($connection)) {
            throw Database::refuse('must be inside of a transaction: otherwise an event whose handler fails would be lost');
        }
        $values = [$event->paymentKey ?? $event->dedupeKey, (int) (\microtime(true) * 1000)];
        $sql = eventClaim(Database::dialect($connection), '?');

        return Database::run($connection, 'kopokopo_events', $sql, $values)['changed'] === 1;
    }
}
