<?php

declare(strict_types=1);

namespace KopoKopo\Symfony;

use KopoKopo\Event;
use KopoKopo\Webhook\Receiver;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpKernel\ControllerMetadata\ArgumentMetadata;

/**
 * What `EventResolver` has in all versions of Symfony.
 *
 * @internal
 */
trait ResolvesEvent
{
    public function __construct(private readonly Receiver $receiver)
    {
    }

    public function supports(Request $request, ArgumentMetadata $argument): bool
    {
        return $argument->getType() === Event::class;
    }

    /** @return iterable<\KopoKopo\Event> */
    public function resolve(Request $request, ArgumentMetadata $argument): iterable
    {
        if (!$this->supports($request, $argument)) {
            return [];
        }
        // Two arguments are the same event.
        $event = $request->attributes->get(FailureListener::ATTRIBUTE);
        if (!$event instanceof Event) {
            $event = Requests::receive($this->receiver, $request);
            $request->attributes->set(FailureListener::ATTRIBUTE, $event);
        }

        return [$event];
    }
}
