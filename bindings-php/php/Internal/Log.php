<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

use KopoKopo\Exception\KopoKopoException;
use KopoKopo\Exception\OutcomeUnknownException;
use Psr\Log\LoggerInterface;

/**
 * What a logger gets about the calls of an operation. It gets no data of the request.
 *
 * @internal
 */
final class Log
{
    /** @var \WeakMap<LoggerInterface, true>|null Those that have failed. */
    private static ?\WeakMap $failed = null;

    /**
     * @param bool $sends It makes something, so its outcome must not be lost.
     * @param string|null $key Its idempotency key.
     */
    public function __construct(
        private readonly LoggerInterface $logger,
        private readonly string $operation,
        private readonly bool $sends = false,
        private readonly ?string $key = null,
    ) {
    }

    /**
     * Runs a call.
     *
     * @param \Closure(): mixed $call
     */
    public function measure(\Closure $call): mixed
    {
        $started = \hrtime(true);
        try {
            $result = $call();
        } catch (\Throwable $error) {
            $this->tell($started, $error, static fn (\Throwable $thrown) => $error instanceof OutcomeUnknownException ? $error : $thrown);
            throw $error;
        }
        $this->tell($started, null, fn (\Throwable $thrown) => $this->sends ? $this->unknown($result, $thrown) : $thrown);

        return $result;
    }

    /** Warns. Without a logger, `error_log` gets the line. */
    public static function warn(?LoggerInterface $logger, string $line): void
    {
        $logger === null ? \error_log($line) : self::write($logger, 'warning', $line, []);
    }

    /**
     * Writes the line of a call. A signal's handler runs after it: what it throws must not look like a failure of the logger,
     * which has no effect, and must not replace the outcome of what was sent.
     *
     * @param \Closure(\Throwable): \Throwable $replaced What is thrown in place of what a handler throws.
     */
    private function tell(int $started, ?\Throwable $error, \Closure $replaced): void
    {
        $isDeferred = \function_exists('pcntl_async_signals') && \pcntl_async_signals(false);
        $this->describe((\hrtime(true) - $started) / 1e9, $error);
        try {
            if ($isDeferred) {
                \pcntl_async_signals(true);
                \pcntl_signal_dispatch();
            }
        } catch (\Throwable $thrown) {
            throw $replaced($thrown);
        }
    }

    private function describe(float $seconds, ?\Throwable $error): void
    {
        $known = $error instanceof KopoKopoException ? $error : null;
        $after = \sprintf('after %.3f s', $seconds);
        $text = match (true) {
            $error === null => "succeeded {$after}",
            $known === null => "was interrupted {$after}",
            $known instanceof OutcomeUnknownException => "outcome unknown {$after} and {$known->attempts} attempts: {$known->detail}",
            default => \sprintf('failed %s: %s, status %s, attempts %d', $after, $known->kind(), $known->status ?? 'none', $known->attempts),
        };
        $fields = [
            'operation' => $this->operation,
            'outcome' => $error === null ? 'succeeded' : $known?->kind() ?? 'interrupted',
            'seconds' => $seconds,
            'status' => $known?->status,
            'attempts' => $known?->attempts,
            'request_id' => $known?->requestId,
        ];
        self::write($this->logger, $known instanceof OutcomeUnknownException ? 'warning' : 'debug', "kopokopo: {$this->operation} {$text}", $fields);
    }

    /**
     * The failure of a logger must not become the outcome of a call. It is reported once, without its text, which may have
     * anything in it.
     *
     * @param array<string, mixed> $fields
     */
    private static function write(LoggerInterface $logger, string $level, string $line, array $fields): void
    {
        try {
            $logger->log($level, $line, $fields);
        } catch (\Throwable $error) {
            self::$failed ??= new \WeakMap();
            if (!isset(self::$failed[$logger])) {
                self::$failed[$logger] = true;
                $place = "{$error->getFile()}:{$error->getLine()}";
                \error_log('kopokopo: the logger failed with ' . $error::class . " at {$place}; its further failures are not reported");
            }
        }
    }

    private function unknown(mixed $result, \Throwable $thrown): OutcomeUnknownException
    {
        $id = $result instanceof NativeObject ? Calls::ask($result, 'id', []) : null;
        $named = $id === null ? '' : " with the id {$id}";
        $error = new OutcomeUnknownException(
            detail: "the request was sent and accepted{$named}, and the program was interrupted while it logged that: do not send it again",
            operation: $this->operation,
            id: $id,
            attempts: 1,
            idempotencyKey: $this->key,
        );
        Calls::caused($error, $thrown);

        return $error;
    }
}
