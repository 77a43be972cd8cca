<?php

declare(strict_types=1);

namespace KopoKopo\Webhook;

use KopoKopo\Event;
use KopoKopo\Exception\ConfigurationException;
use KopoKopo\Journal;
use KopoKopo\WebhookVerifier;
use Psr\Log\LoggerInterface;

/**
 * A whole script that receives webhooks, without a framework:
 *
 *     (new Endpoint($client->webhooks, fn (Event $event) => credit($event)))->run();
 */
final class Endpoint
{
    private const REMEDY = 'PHP: call run() in the script that receives the request, and send the body as application/json';

    private readonly Receiver $receiver;

    private readonly \Closure $handler;

    /**
     * @param WebhookVerifier $verifier Verifies the requests: `$client->webhooks`.
     * @param callable(Event): mixed $handler Is called with each verified event. If it throws, the response is 500.
     * @param Journal|null $journal See `Receiver`.
     * @param callable|null $onUnreadable See `Receiver`.
     * @param LoggerInterface|null $logger See `Receiver`.
     */
    public function __construct(
        WebhookVerifier $verifier,
        callable $handler,
        ?Journal $journal = null,
        ?callable $onUnreadable = null,
        ?LoggerInterface $logger = null,
    ) {
        $this->receiver = new Receiver($verifier, $journal, $onUnreadable, $logger);
        $this->handler = $handler(...);
    }

    /**
     * Receives the request of this script, and sends the response. Do not print anything before or after it.
     *
     * @throws ConfigurationException If output was sent before, because then the status cannot be changed any more.
     */
    public function run(): void
    {
        if (\headers_sent($file, $line)) {
            throw new ConfigurationException(
                "output was sent before, at {$file}:{$line}: the response would be 200 whatever happens. Print nothing before run()",
            );
        }
        Receiver::failUntilHandled();
        $input = \fopen('php://input', 'rb');
        \ob_start();
        try {
            [$status, $text] = $this->respond($_SERVER, $input);
        } finally {
            // What the handler printed is no part of the response.
            \ob_end_clean();
        }
        \http_response_code($status);
        \header('Content-Type: text/plain; charset=utf-8');
        if ($status === 405) {
            \header('Allow: POST');
        }
        echo $text;
    }

    /**
     * Receives a request, and returns the status and the text of the response.
     *
     * @param array<string, string> $server As `$_SERVER`.
     * @param resource $input As `php://input`.
     * @return array{int, string}
     */
    public function respond(array $server, $input): array
    {
        return $this->receiver->respond(function () use ($server, $input): void {
            if (($server['REQUEST_METHOD'] ?? null) !== 'POST') {
                throw Receiver::onlyPost();
            }
            ($this->handler)(Input::receive(
                $this->receiver,
                $input,
                $server['CONTENT_TYPE'] ?? null,
                $server['CONTENT_LENGTH'] ?? null,
                $server['HTTP_X_KOPOKOPO_SIGNATURE'] ?? null,
                self::REMEDY,
            ));
        });
    }
}
