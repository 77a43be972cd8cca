<?php

declare(strict_types=1);

namespace KopoKopo\Psr;

use KopoKopo\Event;
use KopoKopo\Webhook\Receiver;
use KopoKopo\Webhook\Refusal;
use Psr\Http\Message\ResponseFactoryInterface;
use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\ServerRequestInterface;

/**
 * What the handler and the middleware share.
 *
 * @internal
 */
final class Requests
{
    private const REMEDY = 'PSR-7: put the KopoKopo middleware before what parses or reads the body, such as a body parsing '
        . 'middleware, or use a stream that can be rewound';

    public static function receive(Receiver $receiver, ServerRequestInterface $request): Event
    {
        Receiver::failUntilHandled();
        $stream = $request->getBody();
        if ($stream->isSeekable()) {
            $stream->rewind();
        }
        $length = $request->hasHeader('Content-Length') ? $request->getHeaderLine('Content-Length') : null;
        $signature = $request->hasHeader(Receiver::HEADER) ? $request->getHeaderLine(Receiver::HEADER) : null;
        $read = static fn (int $most): string => $stream->eof() ? '' : $stream->read($most);
        try {
            return $receiver->receive($read, $length, $signature, self::REMEDY);
        } finally {
            if ($stream->isSeekable()) {
                $stream->rewind();
            }
        }
    }

    public static function response(ResponseFactoryInterface $responses, int $status, string $text): ResponseInterface
    {
        $response = $responses->createResponse($status)->withHeader('Content-Type', 'text/plain; charset=utf-8');
        $response->getBody()->write($text);

        return $status === 405 ? $response->withHeader('Allow', 'POST') : $response;
    }

    public static function refusal(ResponseFactoryInterface $responses, Refusal $refusal): ResponseInterface
    {
        return self::response($responses, $refusal->status, $refusal->getMessage());
    }
}
