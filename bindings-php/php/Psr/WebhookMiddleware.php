<?php

declare(strict_types=1);

namespace KopoKopo\Psr;

use KopoKopo\Event;
use KopoKopo\Journal;
use KopoKopo\Webhook\Receiver;
use KopoKopo\Webhook\Refusal;
use KopoKopo\WebhookVerifier;
use Psr\Http\Message\ResponseFactoryInterface;
use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\ServerRequestInterface;
use Psr\Http\Server\MiddlewareInterface;
use Psr\Http\Server\RequestHandlerInterface;
use Psr\Log\LoggerInterface;

/**
 * A middleware (PSR-15) that verifies the POST requests of some paths. Only verified events reach the next handler, which
 * finds them with `WebhookMiddleware::event($request)`. What the next handler throws goes to the framework.
 *
 * If the body's stream cannot be rewound, the next handler cannot read it again: the event's `raw` has the text.
 */
final class WebhookMiddleware implements MiddlewareInterface
{
    /** The attribute of the request that has the event. */
    public const ATTRIBUTE = 'kopokopo.event';

    private readonly Receiver $receiver;

    /**
     * @param WebhookVerifier $verifier Verifies the requests: `$client->webhooks`.
     * @param ResponseFactoryInterface $responses Makes responses, such as Nyholm's `Psr17Factory`.
     * @param list<string>|null $paths The paths of webhooks. All, if the middleware is on the route itself.
     * @param Journal|null $journal See `KopoKopo\Webhook\Receiver`.
     * @param callable|null $onUnreadable See `KopoKopo\Webhook\Receiver`.
     * @param LoggerInterface|null $logger See `KopoKopo\Webhook\Receiver`.
     */
    public function __construct(
        WebhookVerifier $verifier,
        private readonly ResponseFactoryInterface $responses,
        private readonly ?array $paths = null,
        ?Journal $journal = null,
        ?callable $onUnreadable = null,
        ?LoggerInterface $logger = null,
    ) {
        $this->receiver = new Receiver($verifier, $journal, $onUnreadable, $logger);
    }

    /** The event of a request that this middleware has verified. */
    public static function event(ServerRequestInterface $request): Event
    {
        return $request->getAttribute(self::ATTRIBUTE)
            ?? throw new \LogicException('the request has no verified event: put WebhookMiddleware before this handler');
    }

    public function process(ServerRequestInterface $request, RequestHandlerInterface $handler): ResponseInterface
    {
        // An attribute that only this middleware may set.
        $request = $request->withoutAttribute(self::ATTRIBUTE);
        $isWebhook = $this->paths === null || \in_array($request->getUri()->getPath(), $this->paths, true);
        if ($isWebhook && $request->getMethod() === 'POST') {
            try {
                $request = $request->withAttribute(self::ATTRIBUTE, Requests::receive($this->receiver, $request));
            } catch (Refusal $refusal) {
                return Requests::refusal($this->responses, $refusal);
            }
        }

        return $handler->handle($request);
    }
}
