<?php

declare(strict_types=1);

namespace K2Test\Support;

final class Wait
{
    /**
     * Waits until a condition is met, and returns its value.
     *
     * @param callable(): mixed $condition
     */
    public static function until(string $message, callable $condition, float $seconds = 30): mixed
    {
        $end = \hrtime(true) + $seconds * 1e9;
        while (!($value = $condition())) {
            if (\hrtime(true) > $end) {
                throw new \RuntimeException($message);
            }
            \usleep(20_000);
        }

        return $value;
    }

    /** A port of loopback that no one listens on. */
    public static function port(): int
    {
        $socket = \stream_socket_server('tcp://127.0.0.1:0');
        $name = (string) \stream_socket_get_name($socket, false);
        \fclose($socket);

        return (int) \substr((string) \strrchr($name, ':'), 1);
    }
}
