<?php

declare(strict_types=1);

namespace KopoKopo\Laravel;

use Illuminate\Http\Request;
use KopoKopo\Event;
use KopoKopo\Symfony\Requests;
use KopoKopo\Webhook\Receiver;
use KopoKopo\Webhook\Refusal;
use Symfony\Component\HttpFoundation\Response;

/**
 * The middleware `kopokopo.webhook`, for a controller of the program: only verified events reach it, and
 * `VerifyWebhook::event($request)` returns them. If the controller throws, the response is 500.
 */
final class VerifyWebhook
{
    /** The request's attribute that has the event. */
    public const ATTRIBUTE = '_kopokopo_event';

    public function __construct(private readonly Receiver $receiver)
    {
    }

    /** The event of a request that this middleware has verified. */
    public static function event(Request $request): Event
    {
        return $request->attributes->get(self::ATTRIBUTE)
            ?? throw new \LogicException('the request has no verified event: put the middleware kopokopo.webhook on its route');
    }

    public function handle(Request $request, \Closure $next): mixed
    {
        try {
            $request->attributes->set(self::ATTRIBUTE, Requests::receive($this->receiver, $request));
        } catch (Refusal $refusal) {
            return Requests::response($refusal->status, $refusal->getMessage());
        }
        $response = $next($request);
        $error = $response instanceof Response && isset($response->exception) ? $response->exception : null;
        if ($error instanceof \Throwable && !$response->isServerError()) {
            // Laravel has made a redirect or a 404 of the exception, and does not report it.
            $this->receiver->failed($error);

            return Requests::response(500, 'webhook not handled');
        }

        return $response;
    }
}
