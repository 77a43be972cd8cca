<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

use KopoKopo\AccessToken;
use KopoKopo\Exception\KopoKopoException;
use Psr\Log\LoggerInterface;

/**
 * A function of the program that the library calls: a token source, or the store of a journal. It runs on PHP's thread,
 * inside of the call that needs it.
 *
 * @internal
 */
final class Handler
{
    /** @var array<int, \WeakReference<self>> */
    private static array $handlers = [];

    /** The call for which a function runs now. */
    private static ?NativeCall $current = null;

    public readonly int $number;

    private function __construct(
        private readonly \Closure $function,
        private readonly bool $isStore,
        private readonly ?LoggerInterface $logger = null,
    ) {
        $this->number = native_number();
        self::$handlers[$this->number] = \WeakReference::create($this);
    }

    /** @param callable(): mixed $function */
    public static function tokenSource(callable $function): self
    {
        Extension::check();

        return new self($function(...), false);
    }

    /** @param callable(string): string $function */
    public static function store(callable $function, ?LoggerInterface $logger): self
    {
        Extension::check();
        Outcomes::register();

        return new self($function(...), true, $logger);
    }

    public function __destruct()
    {
        unset(self::$handlers[$this->number]);
    }

    /** @return list<self> Those that exist, which live as long as the list. */
    public static function all(): array
    {
        return \array_values(\array_filter(\array_map(static fn (\WeakReference $handler) => $handler->get(), self::$handlers)));
    }

    /**
     * Runs the function that the library asks, while PHP waits for this call. Returns what the function threw. Throws what
     * a signal's handler throws: then the call is cancelled before the library goes on.
     */
    public static function answer(Question $question, NativeCall $call): ?\Throwable
    {
        $handler = (self::$handlers[$question->number()] ?? null)?->get();
        if ($handler === null) {
            $question->fail('the client that has it is gone');

            return null;
        }
        // A handler that throws must not look as if the store had failed. It runs after the statement.
        $isDeferred = $handler->isStore && \function_exists('pcntl_async_signals') && \pcntl_async_signals(false);
        $failure = null;
        [$outer, self::$current] = [self::$current, $call];
        try {
            $reply = match (true) {
                $question->warning() !== null => $handler->warn($question->warning()),
                $handler->isStore => $handler->result((string) $question->request()),
                default => $handler->token(),
            };
        } catch (\Throwable $failure) {
            $detail = $failure instanceof KopoKopoException ? $failure->detail : $handler->describe($failure);
            $reply = static fn (Question $question) => $question->fail($detail);
        } finally {
            self::$current = $outer;
        }
        try {
            if ($isDeferred) {
                \pcntl_async_signals(true);
                \pcntl_signal_dispatch();
            }
        } catch (\Throwable $thrown) {
            $call->cancel();
            throw $thrown;
        } finally {
            $reply($question);
        }

        return $failure;
    }

    /** Whether the call for which a function runs now has ended, because its time is over. */
    public static function isOver(): bool
    {
        return self::$current?->isReady() ?? false;
    }

    /** Databases say what is wrong in the text, and their errors have a class of the language. */
    private function describe(\Throwable $error): string
    {
        return $this->isStore ? $error::class . ': ' . $error->getMessage() : $error->getMessage();
    }

    /** @return \Closure(Question): void */
    private function result(string $request): \Closure
    {
        $result = ($this->function)($request);

        return static fn (Question $question) => \is_string($result)
            ? $question->result($result)
            : $question->fail('its store returned ' . \get_debug_type($result) . '; expected a string');
    }

    /** @return \Closure(Question): void */
    private function warn(string $warning): \Closure
    {
        Log::warn($this->logger, "kopokopo: {$warning}");

        return static fn (Question $question) => $question->warned();
    }

    /** @return \Closure(Question): void */
    private function token(): \Closure
    {
        $token = ($this->function)();

        return static fn (Question $question) => match (true) {
            \is_string($token) => $question->token($token, null),
            $token instanceof AccessToken => $question->token($token->token, $token->expiresIn),
            default => $question->fail('it must return a string or a KopoKopo\AccessToken'),
        };
    }

    /** @return array{number: int} */
    public function __debugInfo(): array
    {
        return ['number' => $this->number];
    }
}
