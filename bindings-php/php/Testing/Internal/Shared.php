<?php

declare(strict_types=1);

namespace KopoKopo\Testing\Internal;

use KopoKopo\Testing\Sandbox;
use KopoKopo\Testing\Settings;

/**
 * The sandboxes of this process: one for each set of options. A process that is forked starts its own.
 *
 * @internal
 */
final class Shared
{
    /** @var array<string, array{Sandbox, Settings}> */
    private static array $started = [];

    private static int $process = 0;

    /**
     * An empty sandbox, as it was when it started.
     *
     * @param array<string, mixed> $options
     */
    public static function take(array $options): Sandbox
    {
        $key = self::key($options);
        if (!self::isStarted($options)) {
            $sandbox = Sandbox::start(...$options);
            self::$started[$key] = [$sandbox, $sandbox->settings()];

            return $sandbox;
        }
        [$sandbox, $settings] = self::$started[$key];
        // A client that outlives a test keeps its token. Without it, its first call gets a 401, which would use up a fault.
        $sandbox->reset(keepTokens: true);
        if ($sandbox->settings() != $settings) {
            $sandbox->changeSettings(...\get_object_vars($settings));
        }

        return $sandbox;
    }

    /** @param array<string, mixed> $options */
    public static function isStarted(array $options): bool
    {
        if (self::$process !== \getmypid()) {
            // Frees the pipes of its parent's sandboxes.
            self::$started = [];
            self::$process = (int) \getmypid();
        }
        $sandbox = self::$started[self::key($options)][0] ?? null;

        return $sandbox !== null && !$sandbox->isClosed();
    }

    /** @param array<string, mixed> $options */
    private static function key(array $options): string
    {
        \ksort($options);

        return (string) \json_encode($options);
    }
}
