<?php

declare(strict_types=1);

use K2Test\Support\Folder;
use KopoKopo\Internal\Extension;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';
require_once __DIR__ . '/Stubs.php';

/** The extension and the PHP files are of one version, and what is missing is said once and clearly. */
final class ExtensionTest extends TestCase
{
    private const USES = [
        'new KopoKopo\Client(clientId: "app", clientSecret: "canary");',
        'KopoKopo\Client::fromEnv();',
        'KopoKopo\Client::withTokenSource(static fn () => "canary");',
        'new KopoKopo\WebhookVerifier(apiKeys: ["canary"]);',
        'KopoKopo\signWebhook("canary", "canary");',
        'KopoKopo\journalSchema("sqlite");',
    ];

    /**
     * Runs code after these files were loaded, in a process of its own.
     *
     * @param list<string> $command
     */
    private static function outputOf(array $command, string $folder, string $code): string
    {
        $code = "require '{$folder}/autoload.php'; try { {$code} echo 'no error'; } "
            . 'catch (Throwable $error) { echo $error::class, " ", $error->getMessage(); }';
        $process = \proc_open([...$command, '-r', $code], [1 => ['pipe', 'w'], 2 => ['redirect', 1]], $pipes, __DIR__ . '/../..');
        $output = (string) \stream_get_contents($pipes[1]);
        \proc_close($process);

        return $output;
    }

    public function testWithoutTheExtensionTheErrorSaysWhatToDo(): void
    {
        foreach (self::USES as $use) {
            $output = self::outputOf(['php', '-n'], __DIR__ . '/../php', $use);
            self::assertStringStartsWith('KopoKopo\Exception\ConfigurationException extension: the PHP extension kopokopo is not loaded', $output);
            self::assertStringContainsString(\sprintf('install its build for PHP %d.%d NTS', \PHP_MAJOR_VERSION, \PHP_MINOR_VERSION), $output);
            self::assertStringContainsString('"extension=kopokopo"', $output);
            self::assertStringContainsString('restart PHP', $output);
            self::assertStringNotContainsString('canary', $output);
        }
        self::assertSame('no error', self::outputOf(['php', '-n'], __DIR__ . '/../php', 'KopoKopo\Amount::equals("1", "1.0");'));
    }

    public function testFilesOfAnotherVersionAreRefused(): void
    {
        $folder = \sys_get_temp_dir() . '/k2-' . \bin2hex(\random_bytes(8));
        \exec('cp -r ' . \escapeshellarg(__DIR__ . '/../php') . ' ' . \escapeshellarg($folder));
        $php = ['sh', 'bindings-php/php.sh'];
        $files = ["{$folder}/Generated/Functions.php" => "CONTRACT_HASH = '", "{$folder}/Internal/Extension.php" => "VERSION = '"];
        try {
            self::assertSame('no error', self::outputOf($php, $folder, self::USES[3]));
            foreach ($files as $file => $text) {
                $before = (string) \file_get_contents($file);
                \file_put_contents($file, \str_replace($text, "{$text}9", $before));
                foreach (self::USES as $use) {
                    $output = self::outputOf($php, $folder, $use);
                    self::assertStringStartsWith('KopoKopo\Exception\ConfigurationException extension: the PHP extension kopokopo is of version', $output);
                    self::assertStringContainsString('install the same version of both', $output);
                    $other = \str_contains($text, 'HASH') ? '9' . \KopoKopo\CONTRACT_HASH : \KopoKopo\CONTRACT_HASH;
                    self::assertStringContainsString('(contract ' . \KopoKopo\CONTRACT_HASH . ')', $output);
                    self::assertStringContainsString("(contract {$other}):", $output);
                }
                \file_put_contents($file, $before);
            }
        } finally {
            \exec('rm -r ' . \escapeshellarg($folder));
        }
    }

    public function testMissingExtensionForOtherKindsOfPhpNamesTheRemedy(): void
    {
        $missing = new ReflectionMethod(Extension::class, 'missing');
        self::assertStringContainsString('published for PHP 8.2 and 8.4 only: use one of these, or build it for PHP 8.3', $missing->invoke(null, '8.3', false));
        self::assertStringContainsString('does not support thread safety (ZTS): use a PHP 8.2 without it (NTS)', $missing->invoke(null, '8.2', true));
    }

    /** PHP itself refuses to load an extension without thread safety into a PHP with it. */
    public function testBuildForAPhpWithThreadSafetyIsRefused(): void
    {
        $folder = Folder::make();
        $build = "{$folder}/build";
        \exec('rustc --edition 2024 -o ' . \escapeshellarg($build) . ' ' . \escapeshellarg(__DIR__ . '/../build.rs') . ' 2>&1', $output, $status);
        self::assertSame(0, $status, \implode("\n", $output));
        \mkdir("{$folder}/include/main", recursive: true);
        \file_put_contents("{$folder}/include/main/php_config.h", "#define HAVE_X 1\n#define ZTS 1\n");
        foreach (['php' => 'echo 1', 'nts' => 'echo 0', 'php-config' => "echo {$folder}/include", 'none' => "echo {$folder}"] as $name => $line) {
            \file_put_contents("{$folder}/{$name}", "#!/bin/sh\n{$line}\n");
            \chmod("{$folder}/{$name}", 0755);
        }
        $refusal = 'cargo::error=kopokopo does not support PHP with thread safety (ZTS): build it with the php and php-config of a PHP without';
        foreach (['php none' => true, 'nts php-config' => true, 'nts none' => false] as $programs => $isRefused) {
            [$php, $config] = \explode(' ', $programs);
            $text = (string) \shell_exec("PHP={$folder}/{$php} PHP_CONFIG={$folder}/{$config} {$build}");
            self::assertSame($isRefused, \str_contains($text, $refusal), $text);
        }
    }

    public function testMetadataNamesTheSameVersions(): void
    {
        $read = static fn (string $file) => \json_decode((string) \file_get_contents(__DIR__ . "/../{$file}"), true, 16, \JSON_THROW_ON_ERROR);
        [$package, $extension] = [$read('composer.json'), $read('ext/composer.json')];
        $built = (new ReflectionClassConstant(Extension::class, 'BUILT'))->getValue();
        $versions = \implode(' || ', \array_map(static fn (string $version) => "~{$version}.0", $built));
        self::assertSame([$versions, $versions], [$package['require']['php'], $extension['require']['php']]);
        self::assertSame('~' . Extension::VERSION, $package['require']['ext-kopokopo']);
        self::assertSame(['php-ext', 'kopokopo', false], [$extension['type'], $extension['php-ext']['extension-name'], $extension['php-ext']['support-zts']]);
        self::assertNotSame($package['name'], $extension['name'], 'PIE and Composer need a package each');
    }

    public function testVersionIsTheProjects(): void
    {
        \preg_match('/^version = "(.+)"$/m', (string) \file_get_contents(__DIR__ . '/../../Cargo.toml'), $found);
        self::assertSame([$found[1], $found[1], $found[1]], [Extension::VERSION, \phpversion('kopokopo'), \KopoKopo\version()]);
        self::assertSame(\KopoKopo\CONTRACT_HASH, \KopoKopo\contractHash());
    }

    public function testStubsDescribeTheExtension(): void
    {
        $message = 'write them again: sh bindings-php/php.sh bindings-php/tests/write_stubs.php';
        self::assertStringEqualsFile(__DIR__ . '/../stubs/kopokopo.php', Stubs::of('kopokopo'), $message);
    }
}
