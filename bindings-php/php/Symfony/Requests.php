<?php

declare(strict_types=1);

namespace KopoKopo\Symfony;

use KopoKopo\Event;
use KopoKopo\Webhook\Input;
use KopoKopo\Webhook\Receiver;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;

/**
 * Requests of Symfony's HttpFoundation, which Laravel has too.
 *
 * @internal
 */
final class Requests
{
    private const REMEDY = 'HttpFoundation: pass the request that the kernel received, with the content as it arrived';

    public static function receive(Receiver $receiver, Request $request): Event
    {
        Receiver::failUntilHandled();
        $signatures = $request->headers->all(\strtolower(Receiver::HEADER));

        return Input::receive(
            $receiver,
            // As a resource, so that a body that is too large is not read into memory.
            $request->getContent(true),
            $request->headers->get('Content-Type'),
            $request->headers->get('Content-Length'),
            $signatures === [] ? null : \implode(', ', $signatures),
            self::REMEDY,
        );
    }

    public static function response(int $status, string $text): Response
    {
        return new Response($text, $status, ['Content-Type' => 'text/plain; charset=utf-8']);
    }
}
