<?php

declare(strict_types=1);

namespace KopoKopo\Symfony;

use KopoKopo\Webhook\Receiver;
use KopoKopo\Webhook\Refusal;
use Symfony\Component\HttpKernel\Event\ExceptionEvent;

/**
 * Responds to requests that must not reach a controller. If a controller with an event throws, the response is 500 and
 * nothing else, such as a redirect to a login page, so that Kopo Kopo delivers the webhook again.
 *
 * @internal
 */
final class FailureListener
{
    /** The request's attribute that has the event. */
    public const ATTRIBUTE = '_kopokopo_event';

    public function __construct(private readonly Receiver $receiver)
    {
    }

    public function onException(ExceptionEvent $event): void
    {
        $error = $event->getThrowable();
        if ($error instanceof Refusal) {
            $event->allowCustomResponseCode();
            $event->setResponse(Requests::response($error->status, $error->getMessage()));
        } elseif ($event->getRequest()->attributes->get(self::ATTRIBUTE) instanceof \KopoKopo\Event) {
            $this->receiver->failed($error);
            $event->setResponse(Requests::response(500, 'webhook not handled'));
        }
    }
}
