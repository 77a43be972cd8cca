<?php

// A store of a journal for a driver that the package has no store for: PostgreSQL with PHP's extension pgsql. A store is a
// function that runs one statement, and commits it. The journal makes the SQL.
//
//     $client = pgsqlJournal(KopoKopo\Client::fromEnv(), 'host=127.0.0.1 dbname=shop');

declare(strict_types=1);

use KopoKopo\Client;

/** A client with a journal. The connection is the journal's own: it must not be inside of a transaction of the program. */
function pgsqlJournal(Client $client, string $database): Client
{
    $connection = null;
    $store = static function (string $request) use (&$connection, $database): string {
        // A connection is not used in a fork of the process that opened it.
        $connection[\getmypid()] ??= \pg_connect($database, \PGSQL_CONNECT_FORCE_NEW) ?: throw new RuntimeException('could not connect');
        $own = $connection[\getmypid()];
        ['sql' => $sql, 'parameters' => $parameters] = \json_decode($request, true, 16, \JSON_THROW_ON_ERROR);
        // What is thrown before the request was sent ends the call, and nothing is sent.
        $result = @\pg_query_params($own, $sql, $parameters) ?: throw new RuntimeException(\pg_last_error($own));

        return \json_encode(
            ['rows' => \pg_fetch_all($result, \PGSQL_NUM), 'changed' => \pg_affected_rows($result)],
            \JSON_THROW_ON_ERROR,
        );
    };

    return $client->withJournal($store, dialect: 'postgres', placeholder: '$1');
}
