<?php

declare(strict_types=1);

namespace KopoKopo\Testing\Internal;

use KopoKopo\Testing\SandboxException;

/**
 * A program whose standard input is a pipe from this process. The system closes it when this process ends, however it ends.
 *
 * @internal
 */
final class Child
{
    private const STOP_TIMEOUT = 10.0;
    private const MAX_ERROR = 10_000;

    /** @var resource|null */
    private $process;

    /** @var array<int, resource> */
    private array $pipes = [];

    /** @var resource A file, because nothing reads a pipe while the program runs. */
    private $errors;

    private readonly int $owner;

    /** @var array<string, mixed>|null The state in which it ended, which PHP tells once. */
    private ?array $ended = null;

    /** @param list<string> $command */
    public function __construct(private readonly array $command)
    {
        $this->owner = (int) \getmypid();
        $this->errors = \tmpfile() ?: throw new SandboxException('could not make a temporary file');
        $process = @\proc_open($command, [['pipe', 'r'], ['pipe', 'w'], $this->errors], $pipes);
        if ($process === false) {
            throw new SandboxException("could not start {$command[0]}: " . (\error_get_last()['message'] ?? 'no reason is known'));
        }
        $this->process = $process;
        $this->pipes = $pipes;
    }

    /** @return string|null The first line of its output, or null if it ended before. */
    public function firstLine(float $seconds): ?string
    {
        $deadline = self::now() + $seconds;
        \stream_set_blocking($this->pipes[1], false);
        $text = '';
        while (!\str_contains($text, "\n")) {
            $rest = (int) \max(0, ($deadline - self::now()) * 1e6);
            $read = [$this->pipes[1]];
            $none = null;
            // A signal interrupts it.
            if (!@\stream_select($read, $none, $none, \intdiv($rest, 1_000_000), $rest % 1_000_000) && self::now() >= $deadline) {
                throw new SandboxException(\implode(' ', \array_slice($this->command, 0, 2)) . ' did not start within ' . \round($seconds, 1) . ' s');
            }
            $part = (string) \fread($this->pipes[1], 4096);
            if ($part === '' && \feof($this->pipes[1])) {
                return null;
            }
            $text .= $part;
        }

        return \strtok($text, "\n") ?: '';
    }

    /** Why it ended, or what it wrote last. */
    public function lastError(): string
    {
        $this->join();
        \rewind($this->errors);
        $text = \trim((string) \stream_get_contents($this->errors, self::MAX_ERROR));
        $text = \preg_match('//u', $text) === 1 ? $text : (string) \preg_replace('/[^\x20-\x7E\n]/', '?', $text);
        $status = $this->ended['exitcode'] ?? -1;

        return $text !== '' ? $text : 'it ended with ' . ($status >= 0 ? "status {$status}" : 'a signal') . ' and no message';
    }

    public function isRunning(): bool
    {
        if ($this->process === null || $this->ended !== null) {
            return false;
        }
        // A process that was forked has no part in it, so PHP would say that it has ended.
        if (!$this->isOwned()) {
            return true;
        }
        $status = \proc_get_status($this->process);
        if (!$status['running']) {
            $this->ended = $status;
        }

        return $status['running'];
    }

    /** Does nothing in a process that was forked. */
    public function close(int $signal = 15): void
    {
        if ($this->process === null || !$this->isOwned()) {
            return;
        }
        foreach ($this->pipes as $pipe) {
            \fclose($pipe);
        }
        // Another process can have the other end of its standard input.
        if ($this->isRunning()) {
            \proc_terminate($this->process, $signal);
        }
        if (!$this->join()) {
            \proc_terminate($this->process, 9);
        }
        \proc_close($this->process);
        $this->process = null;
        \fclose($this->errors);
    }

    public function isClosed(): bool
    {
        return $this->process === null;
    }

    public function isOwned(): bool
    {
        return \getmypid() === $this->owner;
    }

    /** Waits until it has ended. */
    private function join(): bool
    {
        $deadline = self::now() + self::STOP_TIMEOUT;
        while ($this->isRunning()) {
            if (self::now() > $deadline) {
                return false;
            }
            \usleep(5_000);
        }

        return true;
    }

    private static function now(): float
    {
        return \hrtime(true) / 1e9;
    }
}
