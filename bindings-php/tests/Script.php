<?php

declare(strict_types=1);

use K2Test\Support\Sandbox;

/** Other processes of the tests. */
final class Script
{
    private const PRELUDE = <<<'PHP'
        <?php
        declare(strict_types=1);
        \error_reporting(\E_ALL);
        require $argv[1] . '/../php/autoload.php';
        $client = static fn (mixed ...$options) => new \KopoKopo\Client(...\json_decode($argv[2], true), ...['privateToken' => true, ...$options]);
        $push = \json_decode($argv[3], true);
        PHP;

    /**
     * Starts PHP with the extension. The code has `$client(...)` and `$push`, and its own arguments from `$argv[4]` on.
     *
     * @param list<string> $arguments
     * @param array<string, string> $settings Of php.ini.
     * @return array{resource, array<int, resource>}
     */
    public static function start(string $code, array $arguments = [], array $settings = []): array
    {
        $file = \tempnam(\sys_get_temp_dir(), 'k2');
        \file_put_contents($file, self::PRELUDE . "\n{$code}\n@\\unlink(__FILE__);\n");
        $given = [\json_encode(Sandbox::shared()->options()), \json_encode(Sandbox::PUSH), ...$arguments];
        $options = [];
        foreach (['display_errors' => 'stderr', ...$settings] as $name => $value) {
            \array_push($options, '-d', "{$name}={$value}");
        }
        $command = ['sh', __DIR__ . '/../php.sh', ...$options, $file, __DIR__, ...$given];
        $process = \proc_open($command, [['file', '/dev/null', 'r'], ['pipe', 'w'], ['pipe', 'w']], $pipes, __DIR__ . '/../..');

        return [$process, $pipes];
    }

    /**
     * Waits for its end.
     *
     * @param array{resource, array<int, resource>} $started
     * @return array{string, string, int} What it wrote to the output and to the error output, and its exit code.
     */
    public static function end(array $started): array
    {
        [$process, $pipes] = $started;
        $texts = [(string) \stream_get_contents($pipes[1]), (string) \stream_get_contents($pipes[2])];

        return [...$texts, \proc_close($process)];
    }

    /**
     * Runs code, and returns what it wrote. Fails if it failed.
     *
     * @param list<string> $arguments
     */
    public static function run(string $code, array $arguments = []): string
    {
        [$output, $errors, $status] = self::end(self::start($code, $arguments));
        $errors === '' && $status === 0 || throw new RuntimeException("the script ended with {$status}: {$errors}");

        return $output;
    }

    /** Begins work in a fork, which is killed after it. Its exit shows whether it succeeded: see `ended`. */
    public static function begin(Closure $work): int
    {
        $child = \pcntl_fork();
        if ($child !== 0) {
            return $child;
        }
        $signal = \SIGKILL;
        try {
            $work();
        } catch (Throwable $error) {
            \fwrite(\STDERR, "in the fork: {$error->getMessage()}\n");
            $signal = \SIGTERM;
        }
        \pcntl_signal(\SIGTERM, \SIG_DFL);
        \posix_kill(\getmypid(), $signal);
    }

    /** Waits for a fork. Returns whether its work succeeded. */
    public static function succeeded(int $child): bool
    {
        \pcntl_waitpid($child, $status);

        return \pcntl_wtermsig($status) === \SIGKILL;
    }

    /** Runs work in a fork, which must return within 20 seconds, and returns its result. Objects of the fork are not released. */
    public static function fork(Closure $work): mixed
    {
        [$reader, $writer] = \stream_socket_pair(\STREAM_PF_UNIX, \STREAM_SOCK_STREAM, 0);
        $child = \pcntl_fork();
        if ($child === 0) {
            \pcntl_alarm(0);
            try {
                $result = $work();
            } catch (Throwable $error) {
                $result = $error::class . ": {$error->getMessage()}";
            }
            \fwrite($writer, \serialize($result));
            \posix_kill(\getmypid(), \SIGKILL);
        }
        \fclose($writer);
        \stream_set_timeout($reader, 20);
        $text = (string) \stream_get_contents($reader);
        \posix_kill($child, \SIGKILL);
        \pcntl_waitpid($child, $status);
        $text !== '' || throw new RuntimeException('the child hangs');

        return \unserialize($text);
    }
}
