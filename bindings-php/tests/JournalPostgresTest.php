<?php

declare(strict_types=1);

use KopoKopo\Journal\PdoJournal;

require_once __DIR__ . '/JournalServerTestCase.php';

// The step `php` starts a server for the tests.
if (\getenv('K2_TEST_POSTGRES') !== false) {
    /** In PostgreSQL. */
    final class JournalPostgresTest extends JournalServerTestCase
    {
        protected static function server(): array
        {
            $url = \parse_url(\getenv('K2_TEST_POSTGRES'));
            $dsn = \sprintf('pgsql:host=%s;port=%d;dbname=%s', $url['host'], $url['port'], \ltrim($url['path'], '/'));

            return [$dsn, $url['user']];
        }

        protected function dialect(): string
        {
            return 'postgres';
        }

        protected function endSessions(): int
        {
            return $this->connect()->query(
                'SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity '
                . "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
            )->rowCount();
        }

        public function testExampleOfAStoreForAnotherDriver(): void
        {
            require_once __DIR__ . '/../examples/pgsql_journal.php';
            $url = \parse_url(\getenv('K2_TEST_POSTGRES'));
            $database = "host={$url['host']} port={$url['port']} user={$url['user']} dbname=" . \ltrim($url['path'], '/');
            $client = pgsqlJournal($this->sandbox->client(), $database);
            $id = self::pay($client);
            self::assertSame([$id, $id], [self::pay($client), self::pay($this->client())], 'both stores have the same table');
            self::assertSame($id, Script::fork(static fn () => self::pay($client)));
            self::assertSame(1, $this->sandbox->count());
        }

        public function testCommitsAreDurableWhateverTheUserHasSet(): void
        {
            $connection = $this->connect();
            $connection->exec('SET synchronous_commit = off');
            self::pay($this->client(new PdoJournal($connection)));
            self::assertSame('on', $connection->query('SHOW synchronous_commit')->fetchColumn());
        }
    }
}
