<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

/**
 * Calls whose outcome is still to be written to a journal. The store of a journal runs only while PHP waits for a call, so
 * the rest of an interrupted create is written during later calls, or before the script ends.
 *
 * @internal
 */
final class Outcomes
{
    /** How many seconds the end of a script waits for the response to an interrupted create. */
    private const LIMIT = 5;

    /** How many seconds an interrupted create that was not sent has for its record. */
    private const NOT_SENT = 0.1;

    /** @var array<int, array{NativeCall, list<Handler>}> Calls, and what they need. */
    private static array $open = [];

    private static bool $isRegistered = false;

    /** The program has a journal. */
    public static function register(): void
    {
        if (!self::$isRegistered) {
            self::$isRegistered = true;
            \register_shutdown_function(self::finish(...));
        }
    }

    /** A call begins. `exit` in a signal handler ends it without a word, so it is remembered from its begin. */
    public static function open(NativeCall $call): void
    {
        if (!self::$isRegistered) {
            return;
        }
        foreach (self::$open as $id => [$other]) {
            if ($other->isEnded()) {
                unset(self::$open[$id]);
            }
        }
        self::$open[\spl_object_id($call)] = [$call, Handler::all()];
    }

    /** The program does not wait for the call any more. */
    public static function close(NativeCall $call): void
    {
        if ($call->isRecording()) {
            $call->cancel();
        } else {
            unset(self::$open[\spl_object_id($call)]);
        }
    }

    /** Writes what can be written at once: that the request was not sent, and never will be. */
    public static function notSent(NativeCall $call): void
    {
        self::write($call, \hrtime(true) + self::NOT_SENT * 1e9);
    }

    private static function finish(): void
    {
        $end = \hrtime(true) + self::LIMIT * 1e9;
        foreach (self::$open as [$call]) {
            if ($call->isRecording()) {
                $call->cancel();
                self::write($call, $end);
            }
        }
        self::$open = [];
    }

    private static function write(NativeCall $call, float $end): void
    {
        while ($call->isRecording() && ($left = ($end - \hrtime(true)) / 1e9) > 0) {
            $question = $call->wait($left);
            if ($question instanceof Question) {
                Handler::answer($question, $call);
            }
        }
    }
}
