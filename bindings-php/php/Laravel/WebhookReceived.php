<?php

declare(strict_types=1);

namespace KopoKopo\Laravel;

use KopoKopo\Event;

/**
 * A verified webhook or result, for listeners. If a listener throws, the response is 500 and the webhook is delivered again,
 * to all listeners. A queued listener stores the event with its personal data in the queue.
 */
final class WebhookReceived
{
    public function __construct(public readonly Event $event)
    {
    }
}
