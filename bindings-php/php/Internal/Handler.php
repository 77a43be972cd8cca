<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

use KopoKopo\AccessToken;

/**
 * A function of the program that the library calls: a token source, or the store of a journal. It runs on PHP's thread,
 * inside of the call that needs it.
 *
 * @internal
 */
final class Handler
{
    private static int $last = 0;

    /** @var array<int, \WeakReference<self>> */
    private static array $handlers = [];

    public readonly int $number;

    public function __construct(private readonly \Closure $function)
    {
        $this->number = ++self::$last;
        self::$handlers[$this->number] = \WeakReference::create($this);
    }

    public function __destruct()
    {
        unset(self::$handlers[$this->number]);
    }

    public static function answer(Question $question): void
    {
        $handler = (self::$handlers[$question->number()] ?? null)?->get();
        if ($handler === null) {
            $question->fail('the client that has it is gone');

            return;
        }
        try {
            $handler->run($question);
        } catch (\Throwable $error) {
            $question->fail($error->getMessage());
        }
    }

    private function run(Question $question): void
    {
        $request = $question->request();
        if ($request !== null) {
            $question->result(($this->function)($request));

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
