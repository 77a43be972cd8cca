<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

use KopoKopo\Destination;
use KopoKopo\Exception\KopoKopoException;
use KopoKopo\Journal\Store;

/**
 * How the classes call the extension.
 *
 * @internal
 */
final class Calls
{
    /** How many seconds a call that runs in a fiber may wait before other fibers have their turn. */
    private const TURN = 0.001;

    /**
     * The value of a result. An error is thrown.
     *
     * @param array{mixed}|string $result
     */
    public static function result(#[\SensitiveParameter] array|string $result): mixed
    {
        return \is_array($result) ? $result[0] : throw KopoKopoException::decode($result);
    }

    /** @param array<string, mixed> $given */
    public static function make(string $object, string $constructor, #[\SensitiveParameter] array $given): NativeObject
    {
        Extension::check();

        return self::result(native_make($object, $constructor, self::given($given)));
    }

    /** @param array<string, mixed> $given */
    public static function withTokenSource(Handler $handler, #[\SensitiveParameter] array $given): NativeObject
    {
        return self::result(native_with_token_source($handler->number, self::given($given)));
    }

    /**
     * @param callable(string): string $store
     * @param array<string, mixed> $given
     */
    public static function withJournal(NativeObject $native, Handler $handler, callable $store, #[\SensitiveParameter] array $given): NativeObject
    {
        if ($store instanceof Store) {
            $given['dialect'] ??= $store->dialect();
            $given['create_tables'] = $given['create_tables'] && $store->createsTables();
        }

        return self::result($native->withJournal($handler->number, self::given($given)));
    }

    /** @param array<string, mixed> $given */
    public static function function(string $name, #[\SensitiveParameter] array $given): mixed
    {
        Extension::check();

        return self::result(native_function($name, self::given($given)));
    }

    public static function signWebhook(#[\SensitiveParameter] string $apiKey, #[\SensitiveParameter] string $body): string
    {
        Extension::check();

        return self::result(native_sign_webhook($apiKey, $body));
    }

    /** @param array<string, mixed> $given */
    public static function ask(NativeObject $native, string $method, #[\SensitiveParameter] array $given): mixed
    {
        return self::result($native->ask($method, self::given($given)));
    }

    /**
     * Waits for a call. Between two steps PHP runs its signal handlers. What a handler throws ends the wait; if the request
     * of a create was sent, the error is `OutcomeUnknownException`, and what was thrown is the one before it. In a fiber the
     * wait suspends, so that other fibers run.
     *
     * @param array<string, mixed> $given
     */
    public static function call(NativeObject $native, string $method, #[\SensitiveParameter] array $given): mixed
    {
        $call = self::result($native->begin($method, self::given($given)));
        $isFiber = \Fiber::getCurrent() !== null;
        $failure = null;
        Outcomes::open($call);
        try {
            while (!\is_array($result = $call->wait($isFiber ? self::TURN : null)) && !\is_string($result)) {
                if ($result instanceof Question) {
                    $failure = Handler::answer($result, $call) ?? $failure;
                } elseif ($isFiber) {
                    \Fiber::suspend();
                }
            }
        } catch (\Throwable $thrown) {
            throw self::interrupted($call, $thrown);
        } finally {
            Outcomes::close($call);
        }

        return \is_array($result) ? $result[0] : throw self::caused(KopoKopoException::decode($result), $failure);
    }

    /**
     * The states of a resource as they change.
     *
     * @param \Closure(array<mixed>): Record $read
     * @return \Generator<int, Record>
     */
    public static function watch(NativeObject $watch, \Closure $read, ?Log $log): \Generator
    {
        while (($pause = self::ask($watch, 'pause', [])) !== null) {
            self::pause($pause);
            $poll = static fn () => self::call($watch, 'poll', []);
            $state = $log === null ? $poll() : $log->measure($poll);
            if ($state !== null) {
                yield $read($state);
            }
        }
    }

    /** A signal ends one of the short pauses, and PHP runs its handler before the next. */
    private static function pause(float $seconds): void
    {
        $end = \hrtime(true) + $seconds * 1e9;
        while (($left = ($end - \hrtime(true)) / 1e3) > 0) {
            if (\Fiber::getCurrent() !== null) {
                \Fiber::suspend();
                $left = \min($left, self::TURN * 1e6);
            }
            \usleep((int) \ceil(\min($left, 100_000)));
        }
    }

    private static function interrupted(NativeCall $call, \Throwable $thrown): \Throwable
    {
        $unknown = $call->cancel();
        if ($unknown === null) {
            Outcomes::notSent($call);
        }

        return $unknown === null ? $thrown : self::caused(KopoKopoException::decode($unknown), $thrown);
    }

    /** The error, after what caused it. */
    public static function caused(KopoKopoException $error, ?\Throwable $cause): KopoKopoException
    {
        if ($cause !== null) {
            (new \ReflectionProperty(\Exception::class, 'previous'))->setValue($error, $cause);
        }

        return $error;
    }

    /**
     * Arguments without objects.
     *
     * @param array<mixed> $given
     * @return array<mixed>
     */
    public static function given(#[\SensitiveParameter] array $given, int $depth = 0): array
    {
        if ($depth > 16) {
            return [];
        }
        foreach ($given as $name => $value) {
            $given[$name] = match (true) {
                $value === null, \is_scalar($value) => $value,
                \is_array($value) => self::given($value, $depth + 1),
                $value instanceof OpenEnum => $value->value,
                $value instanceof \BackedEnum => $value->value,
                $value instanceof \DateTimeInterface => $value->format('Y-m-d\TH:i:s.uP'),
                $value instanceof Destination => self::given($value->given(), $depth + 1),
                $value instanceof Record && isset($value->raw) => ['raw' => $value->raw],
                default => throw new \TypeError(\sprintf('%s cannot be %s', \is_int($name) ? 'an item' : $name, \get_debug_type($value))),
            };
        }

        return $given;
    }
}
