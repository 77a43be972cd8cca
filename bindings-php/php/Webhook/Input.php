<?php

declare(strict_types=1);

namespace KopoKopo\Webhook;

use KopoKopo\Event;

/**
 * Reads `php://input`.
 *
 * @internal
 */
final class Input
{
    /** @param resource $input */
    public static function receive(
        Receiver $receiver,
        $input,
        ?string $type,
        ?string $length,
        ?string $signature,
        string $remedy,
    ): Event {
        // PHP consumes such a body, and leaves php://input empty. Anyone can send one.
        if (\str_starts_with(\strtolower(\ltrim((string) $type)), 'multipart/form-data')) {
            throw $receiver->refuse('its type is multipart/form-data; Kopo Kopo sends application/json', 401, 'invalid signature');
        }

        return $receiver->receive(
            static fn (int $most): string => (string) \fread($input, $most),
            $length,
            $signature,
            $remedy,
        );
    }
}
