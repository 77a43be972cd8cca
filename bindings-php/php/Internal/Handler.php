<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

use KopoKopo\AccessToken;
use KopoKopo\Exception\KopoKopoException;

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

    public readonly int $number;

    private function __construct(private readonly \Closure $function, private readonly bool $isStore)
    {
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
    public static function store(callable $function): self
    {
        Extension::check();
        Outcomes::register();

        return new self($function(...), true);
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

    /** Runs the function that the library asks. Returns what it threw. */
    public static function answer(Question $question): ?\Throwable
    {
        $handler = (self::$handlers[$question->number()] ?? null)?->get();
        if ($handler === null) {
            $question->fail('the client that has it is gone');

            return null;
        }
        // A handler of a signal that throws must not look as if the store had failed. It runs after the statement.
        $isDeferred = $handler->isStore && \function_exists('pcntl_async_signals') && \pcntl_async_signals(false);
        try {
            $handler->run($question);
        } catch (\Throwable $error) {
            $question->fail($error instanceof KopoKopoException ? $error->detail : $handler->describe($error));

            return $error;
        } finally {
            if ($isDeferred) {
                \pcntl_async_signals(true);
                \pcntl_signal_dispatch();
            }
        }

        return null;
    }

    /** Databases say what is wrong in the text, and their errors have a class of the language. */
    private function describe(\Throwable $error): string
    {
        return $this->isStore ? $error::class . ': ' . $error->getMessage() : $error->getMessage();
    }

    private function run(Question $question): void
    {
        if ($this->isStore) {
            $result = ($this->function)((string) $question->request());
            if (\is_string($result)) {
                $question->result($result);
            } else {
                $question->fail('its store returned ' . \get_debug_type($result) . '; expected a string');
            }

            return;
        }
        $token = ($this->function)();
        if (\is_string($token)) {
            $question->token($token, null);
        } elseif ($token instanceof AccessToken) {
            $question->token($token->token, $token->expiresIn);
        } else {
            $question->fail('it must return a string or a KopoKopo\AccessToken');
        }
    }

    /** @return array{number: int} */
    public function __debugInfo(): array
    {
        return ['number' => $this->number];
    }
}
