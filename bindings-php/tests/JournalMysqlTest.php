<?php

declare(strict_types=1);

use KopoKopo\Exception\ConfigurationException;
use KopoKopo\Journal\PdoJournal;

require_once __DIR__ . '/JournalServerTestCase.php';

// The step `php` starts a server for the tests.
if (\getenv('K2_TEST_MARIADB') !== false) {
    /** In MariaDB. */
    final class JournalMysqlTest extends JournalServerTestCase
    {
        protected static function server(): array
        {
            $url = \parse_url(\getenv('K2_TEST_MARIADB'));
            $dsn = \sprintf('mysql:host=%s;port=%d;dbname=%s', $url['host'], $url['port'], \ltrim($url['path'], '/'));

            return [$dsn, $url['user']];
        }

        protected function dialect(): string
        {
            return 'mysql';
        }

        protected function endSessions(): int
        {
            $connection = $this->connect();
            $sessions = $connection->query(
                "SELECT id FROM information_schema.processlist WHERE id <> connection_id() AND db = 'k2' AND command <> 'Daemon'",
            )->fetchAll(PDO::FETCH_COLUMN);
            foreach ($sessions as $session) {
                $connection->exec("KILL {$session}");
            }

            return \count($sessions);
        }

        public function testConnectionThatDoesNotCommitIsRefused(): void
        {
            $this->expectException(ConfigurationException::class);
            $this->expectExceptionMessage('must commit each statement');
            new PdoJournal($this->connect([PDO::ATTR_AUTOCOMMIT => false]));
        }
    }
}
