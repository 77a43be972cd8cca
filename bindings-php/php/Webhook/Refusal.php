<?php

declare(strict_types=1);

namespace KopoKopo\Webhook;

/**
 * The response to a request that must not reach the program. Its text does not have the reason, because the sender may be
 * an attacker. The reason is in the log, and is the previous exception if the library threw one.
 */
final class Refusal extends \RuntimeException
{
    public function __construct(public readonly int $status, string $text, ?\Throwable $reason = null)
    {
        parent::__construct($text, 0, $reason);
    }
}
