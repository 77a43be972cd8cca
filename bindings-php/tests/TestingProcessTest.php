<?php

declare(strict_types=1);

use K2Test\Support\Folder;
use K2Test\Support\Wait;
use KopoKopo\Testing\Sandbox;
use KopoKopo\Testing\SandboxException;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';
require_once __DIR__ . '/Script.php';

/** `KopoKopo\Testing`: where the program comes from, forks, and PHPUnit. */
final class TestingProcessTest extends TestCase
{
    private string $folder;

    private string $binary;

    private string $path;

    protected function setUp(): void
    {
        $this->folder = Folder::make();
        $this->binary = (string) \realpath((string) \getenv('K2_SANDBOX_BIN'));
        $this->path = (string) \getenv('PATH');
    }

    protected function tearDown(): void
    {
        \putenv("K2_SANDBOX_BIN={$this->binary}");
        \putenv("PATH={$this->path}");
    }

    private function program(string $script): string
    {
        \file_put_contents("{$this->folder}/k2", "#!/bin/sh\n{$script}\n");
        \chmod("{$this->folder}/k2", 0o755);

        return "{$this->folder}/k2";
    }

    private static function failure(mixed ...$options): string
    {
        try {
            Sandbox::start(...$options);
        } catch (SandboxException $failure) {
            return $failure->getMessage();
        }

        return self::fail('it started');
    }

    public function testMissingAndForeignProgramsAreOneClearError(): void
    {
        \putenv('K2_SANDBOX_BIN');
        \putenv("PATH={$this->folder}");
        self::assertStringStartsWith('the sandbox is not installed: install k2 with `cargo install --path cli` in ', self::failure());
        self::assertSame('binary: /nowhere/k2 is not a program: expected the path of k2', self::failure(binary: '/nowhere/k2'));
        self::assertSame("binary: {$this->folder} is not a program: expected the path of k2", self::failure(binary: $this->folder));
        $this->program('echo k2 1.24, speech recognition');
        self::assertStringStartsWith("{$this->folder}/k2 is another program with the same name, not the sandbox: install k2 with", self::failure());
        \putenv('K2_SANDBOX_BIN=/nowhere/k2');
        self::assertSame('K2_SANDBOX_BIN: /nowhere/k2 is not a program: expected the path of k2', self::failure());
    }

    public function testProgramOfThePathAndOfTheEnvironmentIsUsed(): void
    {
        \putenv('K2_SANDBOX_BIN');
        \putenv("PATH={$this->folder}");
        \symlink($this->binary, "{$this->folder}/k2");
        self::assertSame('ok', Sandbox::start()->health()->status);
        \putenv('PATH=');
        \putenv("K2_SANDBOX_BIN={$this->binary}");
        self::assertSame('ok', Sandbox::start()->health()->status);
    }

    public function testProgramThatDoesNotStartSaysWhy(): void
    {
        foreach ([
            'echo no such luck >&2; exit 3' => 'did not start: no such luck',
            'exit 3' => 'it ended with status 3 and no message',
            'kill -9 $$' => 'it ended with a signal and no message',
            "echo '[1]'; read line" => 'its first line is not as expected',
            "echo '{\"base_url\": 1, \"client_id\": 1, \"client_secret\": 1, \"api_key\": 1}'" => 'its first line is not as expected',
        ] as $script => $reason) {
            self::assertStringContainsString($reason, self::failure(binary: $this->program($script)));
        }
        \file_put_contents("{$this->folder}/k2", "#!/nowhere/program\n");
        // It depends on the version of PHP which of the two processes says so.
        self::assertMatchesRegularExpression('/ did not start: it ended with status 127|could not start /', self::failure(binary: "{$this->folder}/k2"));
        $sandbox = Sandbox::start();
        self::assertStringContainsString('port is in use', self::failure(port: (int) \substr((string) \strrchr($sandbox->baseUrl(), ':'), 1)));
    }

    public function testProgramThatIsSilentIsNotWaitedFor(): void
    {
        // The pipe stays open in the process that it starts.
        $child = new \KopoKopo\Testing\Internal\Child([$this->program('sleep 20; exit 0'), 'sandbox']);
        try {
            $child->firstLine(0.2);
            self::fail('it started');
        } catch (SandboxException $failure) {
            self::assertStringEndsWith('k2 sandbox did not start within 0.2 s', $failure->getMessage());
        } finally {
            $child->close(9);
        }
        self::assertSame(60.0, (new ReflectionClassConstant(Sandbox::class, 'START_TIMEOUT'))->getValue());
    }

    public function testCallThatIsCutIsNotSentAgainAndSaysWhy(): void
    {
        $server = \stream_socket_server('tcp://127.0.0.1:0');
        $address = 'http://' . \stream_socket_get_name($server, false);
        $startup = \json_encode(['base_url' => $address, 'client_id' => 'a', 'client_secret' => 'b', 'api_key' => 'c'], \JSON_UNESCAPED_SLASHES);
        $sandbox = Sandbox::start(binary: $this->program("echo '{$startup}'; read line"));
        $child = \pcntl_fork();
        if ($child === 0) {
            while ($connection = \stream_socket_accept($server, 60)) {
                \fread($connection, 10);
                \file_put_contents("{$this->folder}/calls", 'x', \FILE_APPEND);
                \fclose($connection);
            }
            \posix_kill((int) \getmypid(), \SIGKILL);
        }
        try {
            $sandbox->reset();
            self::fail('it was called');
        } catch (SandboxException $failure) {
            self::assertSame('POST /_sandbox/reset: the connection ended before the response', $failure->getMessage());
            self::assertSame('x', \file_get_contents("{$this->folder}/calls"));
        } finally {
            \posix_kill($child, \SIGKILL);
            \pcntl_waitpid($child, $status);
        }
    }

    // Processes.

    /** A program that starts `k2`, and writes its process id to a file. */
    private function withPid(): string
    {
        return $this->program("echo $$ > {$this->folder}/pid\nexec {$this->binary} \"\$@\"");
    }

    private function waitUntilGone(): void
    {
        $pid = \trim((string) \file_get_contents("{$this->folder}/pid"));
        $isGone = static fn () => !\str_contains((string) @\file_get_contents("/proc/{$pid}/status"), "\nPPid:\t")
            || \str_contains((string) @\file_get_contents("/proc/{$pid}/status"), "State:\tZ");
        self::assertTrue(Wait::until("the sandbox {$pid} is still there", $isGone, 60));
    }

    public function testSandboxEndsWithItsProcessHoweverThatEnds(): void
    {
        foreach (['', 'posix_kill(getmypid(), 9);', 'exit(1);', 'throw new Exception();', '$sandbox->close();'] as $ending) {
            $code = 'putenv("K2_SANDBOX_BIN={$argv[4]}"); $sandbox = KopoKopo\Testing\Sandbox::start(); ' . $ending;
            Script::end(Script::start($code, [$this->withPid()]));
            $this->waitUntilGone();
        }
    }

    public function testForkedProcessSharesTheSandboxAndDoesNotStopIt(): void
    {
        $sandbox = Sandbox::start();
        self::assertSame('ok', Script::fork(static function () use ($sandbox): string {
            $status = $sandbox->health()->status;
            $sandbox->close();

            return $status;
        }));
        $child = \pcntl_fork();
        if ($child === 0) {
            // The end of a process frees what it has.
            unset($sandbox);
            \posix_kill((int) \getmypid(), \SIGKILL);
        }
        \pcntl_waitpid($child, $status);
        self::assertSame('ok', $sandbox->health()->status);
    }

    public function testForkedProcessDoesNotKeepASandboxThatIsClosed(): void
    {
        $sandbox = Sandbox::start(binary: $this->withPid());
        $child = \pcntl_fork();
        if ($child === 0) {
            \sleep(600);
        }
        try {
            $sandbox->close();
            $this->waitUntilGone();
        } finally {
            \posix_kill($child, \SIGKILL);
            \pcntl_waitpid($child, $status);
        }
    }

    public function testPackageNeedsNoFunctionsForUrlsAndNoCurl(): void
    {
        $code = 'echo KopoKopo\Testing\Sandbox::start()->health()->status;';
        $disabled = 'curl_init,curl_exec,mb_scrub,pcntl_fork,posix_kill';
        [$output, $errors, $status] = Script::end(Script::start($code, [], ['allow_url_fopen' => '0', 'disable_functions' => $disabled]));
        self::assertSame(['ok', '', 0], [$output, $errors, $status]);
    }

    // PHPUnit.

    private const TESTS = <<<'PHP'
        final class ShopTest extends PHPUnit\Framework\TestCase
        {
            use KopoKopo\Testing\UsesSandbox;

            public static function numbers(): array
            {
                return [[1], [2], [3]];
            }

            /** @dataProvider numbers */
            #[PHPUnit\Framework\Attributes\DataProvider('numbers')]
            public function testSandboxIsEmptyAndAsItStarted(int $number): void
            {
                self::assertSame([], $this->k2Sandbox()->requests());
                self::assertSame([], $this->k2Sandbox()->faults());
                self::assertTrue($this->k2Sandbox()->settings()->pace->is('instant'));
                $this->k2Sandbox()->changeSettings(pace: 'manual');
                $this->k2()->oauth->token();
                $this->k2Sandbox()->fault('delay');
                file_put_contents(__DIR__ . '/found', $this->k2Sandbox()->baseUrl() . "\n", FILE_APPEND);
            }

            public function testThatDoesNotNameTheSandbox(): void
            {
                self::assertTrue(true);
            }
        }
        PHP;

    private function phpunit(string $tests, string $class, string ...$options): string
    {
        $file = "{$this->folder}/{$class}.php";
        \file_put_contents($file, "<?php\n\nrequire '" . __DIR__ . "/../php/autoload.php';\n{$tests}");
        // A process that PHPUnit starts has the extension of the configuration only.
        \file_put_contents("{$this->folder}/kopokopo.ini", 'extension=' . \realpath((string) \getenv('K2_PHP_EXTENSION')));
        $environment = ['PHP_INI_SCAN_DIR' => ":{$this->folder}"] + \getenv();
        $command = [\PHP_BINARY, '/usr/bin/phpunit', '--no-configuration', '--do-not-cache-result', ...$options, $file];
        $process = \proc_open($command, [['file', '/dev/null', 'r'], ['pipe', 'w'], ['redirect', 1]], $pipes, null, $environment);
        $output = (string) \stream_get_contents($pipes[1]);
        self::assertSame(0, \proc_close($process), $output);

        return $output;
    }

    /** @return list<string> The addresses of the sandboxes of the tests. */
    private function addresses(): array
    {
        return (array) \file("{$this->folder}/found", \FILE_IGNORE_NEW_LINES);
    }

    public function testTestsOfAProcessShareASandboxThatIsEmptyAndAsItStarted(): void
    {
        $output = $this->phpunit(self::TESTS, 'ShopTest');
        self::assertStringContainsString('OK (4 tests, 10 assertions)', $output);
        self::assertSame([3, 1], [\count($this->addresses()), \count(\array_unique($this->addresses()))]);
    }

    public function testEachIsolatedProcessHasItsOwnSandbox(): void
    {
        $output = $this->phpunit(self::TESTS, 'ShopTest', '--process-isolation');
        self::assertStringContainsString('OK (4 tests, 10 assertions)', $output);
        self::assertSame([3, 3], [\count($this->addresses()), \count(\array_unique($this->addresses()))]);
    }

    public function testForkedProcessStartsItsOwnSharedSandbox(): void
    {
        $own = \KopoKopo\Testing\Internal\Shared::take([]);
        $other = Script::fork(static fn () => \KopoKopo\Testing\Internal\Shared::take([])->baseUrl());
        self::assertStringStartsWith('http://127.0.0.1:', $other);
        self::assertNotSame($own->baseUrl(), $other);
        self::assertSame('ok', $own->health()->status);
    }

    public function testExampleOfTheDocumentationRuns(): void
    {
        $docs = (string) \file_get_contents(__DIR__ . '/../../docs/testing.md');
        self::assertSame(1, \preg_match('/^```php\n(.*?)^```/ms', $docs, $found));
        self::assertStringContainsString('OK (2 tests, 2 assertions)', $this->phpunit($found[1], 'CheckoutTest'));
    }
}
