<?php

declare(strict_types=1);

namespace KopoKopo\Psr;

use KopoKopo\Event;
use KopoKopo\Journal;
use KopoKopo\Webhook\Receiver;
use KopoKopo\WebhookVerifier;
use Psr\Http\Message\ResponseFactoryInterface;
use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\ServerRequestInterface;
use Psr\Http\Server\RequestHandlerInterface;
use Psr\Log\LoggerInterface;

/** A request handler (PSR-15) that calls a function with each verified event. If it throws, the response is 500. */
final class WebhookHandler implements RequestHandlerInterface
{
    private readonly Receiver $receiver;

    private readonly \Closure $handler;

    /**
     * @param WebhookVerifier $verifier Verifies the requests: `$client->webhooks`.
     * @param ResponseFactoryInterface $responses Makes responses, such as Nyholm's `Psr17Factory`.
     * @param callable(Event, ServerRequestInterface): mixed $handler
     * @param Journal|null $journal See `KopoKopo\Webhook\Receiver`.
     * @param callable|null $onUnreadable See `KopoKopo\Webhook\Receiver`.
     * @param LoggerInterface|null $logger See `KopoKopo\Webhook\Receiver`.
     */
    public function __construct(
        WebhookVerifier $verifier,
        private readonly ResponseFactoryInterface $responses,
        callable $handler,
        ?Journal $journal = null,
        ?callable $onUnreadable = null,
        ?LoggerInterface $logger = null,
    ) {
        $this->receiver = new Receiver($verifier, $journal, $onUnreadable, $logger);
        $this->handler = $handler(...);
    }

    public function handle(ServerRequestInterface $request): ResponseInterface
    {
        [$status, $text] = $this->receiver->respond(function () use ($request): void {
            if ($request->getMethod() !== 'POST') {
                throw Receiver::onlyPost();
            }
            ($this->handler)(Requests::receive($this->receiver, $request), $request);
        });

        return Requests::response($this->responses, $status, $text);
    }
}
