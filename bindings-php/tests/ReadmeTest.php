<?php

// Each block of PHP in the README runs unchanged, in order, with a sandbox and the real frameworks.

declare(strict_types=1);

use KopoKopo\Exception\KopoKopoException;
use K2Test\Support\Folder;
use K2Test\Support\Fpm;
use K2Test\Support\Sandbox;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';

final class ReadmeTest extends TestCase
{
    private static function readme(): string
    {
        return (string) \file_get_contents(__DIR__ . '/../README.md');
    }

    public function testItsBlocksRun(): void
    {
        $sandbox = new Sandbox();
        $folder = Folder::make();
        // The repository's README has an example of PHP too.
        \preg_match_all('/^```php\n(.*?)^```/ms', self::readme() . \file_get_contents(__DIR__ . '/../../README.md'), $found);
        foreach ($found[1] as $number => $block) {
            \file_put_contents(\sprintf('%s/%02d.php', $folder, $number), "<?php\n" . \str_replace('/var/lib/shop', $folder, $block));
        }
        self::assertGreaterThan(14, \count($found[1]));
        $command = [\PHP_BINARY, ...Fpm::extension(), '-d', 'display_errors=stderr', __DIR__ . '/readme.php', $folder];
        $process = \proc_open($command, [1 => ['pipe', 'w'], 2 => ['file', "{$folder}/errors", 'w']], $pipes, null, $sandbox->environment() + \getenv());
        $output = (string) \stream_get_contents($pipes[1]);
        $status = \proc_close($process);
        $sandbox->close();
        $errors = (string) \file_get_contents("{$folder}/errors");
        self::assertSame([0, ''], [$status, $errors], $output);
        foreach ([
            "paid\n", "use POST", "psr 200\ncredit order", "psr 401", "symfony 200\ncredit order", "symfony 401", "laravel 200\ncredit order", "laravel 401",
            "sent\n", "bool(true)\n", "amount amount: must be greater than zero", "Failed\n", "buygoods_transaction_received\n",
            'debug: kopokopo: incoming_payments.get succeeded after ',
            "bool(true)\nint(-1)\nint(10050)\nstring(5) \"100.5\"\n",
        ] as $text) {
            self::assertStringContainsString($text, $output);
        }
    }

    public function testPlainScriptReceivesAWebhook(): void
    {
        $sandbox = Sandbox::shared();
        $folder = Folder::make();
        // The script is the block, after what the program itself must have: autoloading, the function and the database.
        self::assertSame(1, \preg_match('/^### Plain PHP\n.*?^```php\n(.*?)^```/ms', self::readme(), $plain));
        self::assertSame(1, \preg_match('/^(function credit\(.*?)^```/ms', self::readme(), $credit));
        $prelude = "require '" . __DIR__ . "/../php/autoload.php';\nrequire __DIR__ . '/credit.php';\n";
        $uses = "use KopoKopo\\Event;\nuse KopoKopo\\EventPayload\\IncomingPayment;\nuse KopoKopo\\Once;\n";
        \file_put_contents("{$folder}/credit.php", "<?php\n{$uses}" . \str_replace('/var/lib/shop', $folder, $credit[1]));
        [$imports, $script] = \preg_split('/\n\n/', $plain[1], 2);
        \file_put_contents("{$folder}/results.php", "<?php\n{$imports}\n{$prelude}{$script}");
        $fpm = new Fpm($sandbox, $folder, Fpm::extension());
        try {
            $body = (string) \file_get_contents(__DIR__ . '/../../tests/vectors/payloads/result-incoming-payment-success.json');
            $signature = \KopoKopo\signWebhook($sandbox->credentials()['api_key'], $body);
            $response = $fpm->request('/results.php', 'POST', $body, ['X-KopoKopo-Signature' => $signature]);
            self::assertSame([200, ''], [$response->status, $response->body], $fpm->log());
            $claims = (new PDO("sqlite:{$folder}/shop.db"))->query('SELECT count(*) FROM kopokopo_events')->fetchColumn();
            self::assertSame(1, (int) $claims);
            self::assertSame(401, $fpm->request('/results.php', 'POST', $body)->status);
        } finally {
            $fpm->close();
        }
    }

    public function testConfigurationOfSymfonyIsAccepted(): void
    {
        self::assertSame(1, \preg_match('/^```yaml\n(.*?)^```/ms', self::readme(), $found));
        $config = \Symfony\Component\Yaml\Yaml::parse($found[1])['kopokopo'];
        $processed = (new \Symfony\Component\Config\Definition\Processor())->processConfiguration(new \KopoKopo\Symfony\Configuration(), [$config]);
        self::assertSame($config, \array_intersect_key($processed, $config));
    }

    public function testItsTableOfErrorsHasEveryClass(): void
    {
        foreach (KopoKopoException::CLASSES as $kind => $class) {
            self::assertStringContainsString('`' . \substr((string) \strrchr($class, '\\'), 1) . '`', self::readme());
            self::assertStringContainsString("`{$kind}`", self::readme());
        }
    }
}
