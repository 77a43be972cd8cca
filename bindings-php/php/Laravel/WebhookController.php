<?php

declare(strict_types=1);

namespace KopoKopo\Laravel;

use Illuminate\Contracts\Events\Dispatcher;
use Illuminate\Http\Request;
use KopoKopo\Symfony\Requests;
use KopoKopo\Webhook\Receiver;
use Symfony\Component\HttpFoundation\Response;

/** Dispatches `WebhookReceived` with each verified event. */
final class WebhookController
{
    public function __construct(private readonly Receiver $receiver, private readonly Dispatcher $events)
    {
    }

    public function __invoke(Request $request): Response
    {
        // Not left to Laravel's handler, which responds to a validation error or a missing login with a redirect.
        [$status, $text] = $this->receiver->respond(function () use ($request): void {
            $this->events->dispatch(new WebhookReceived(Requests::receive($this->receiver, $request)));
        });

        return Requests::response($status, $text);
    }
}
