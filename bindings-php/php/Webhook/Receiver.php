<?php

declare(strict_types=1);

namespace KopoKopo\Webhook;

use KopoKopo\Event;
use KopoKopo\Exception\DecodeException;
use KopoKopo\Exception\InvalidRequestException;
use KopoKopo\Exception\JournalException;
use KopoKopo\Exception\SignatureException;
use KopoKopo\Journal;
use KopoKopo\WebhookVerifier;
use Psr\Log\LoggerInterface;

/**
 * What the adapters of all frameworks share: it reads a bounded raw body, verifies it, and decides the response.
 *
 * The response is 401 for an invalid signature, 400 for an authentic body that cannot be read, 413 for a body larger than
 * the verifier's `maxBody`, and 500 if the journal or the program fails, so that Kopo Kopo delivers the webhook again.
 */
final class Receiver
{
    /** The header of the signature. */
    public const HEADER = 'X-KopoKopo-Signature';

    private const PART = 65536;

    private readonly ?\Closure $onUnreadable;

    /**
     * @param WebhookVerifier $verifier Verifies the requests: `$client->webhooks`.
     * @param Journal|null $journal `$client->journal`. It observes each event before the program gets it, so that unknown
     *     requests become accepted. If its store fails, the response is 500.
     * @param (callable(string, DecodeException): mixed)|null $onUnreadable Is called with the raw body of an authentic webhook
     *     that cannot be read. If it returns, the response is 200 and the webhook is not delivered again.
     * @param LoggerInterface|null $logger Gets the reason of each refusal. Without it, `error_log` does.
     */
    public function __construct(
        private readonly WebhookVerifier $verifier,
        private readonly ?Journal $journal = null,
        ?callable $onUnreadable = null,
        private readonly ?LoggerInterface $logger = null,
    ) {
        $this->onUnreadable = $onUnreadable === null ? null : $onUnreadable(...);
    }

    /**
     * Returns the verified event of a request.
     *
     * @param callable(int): string $read Reads at most this number of bytes. It returns an empty string at the end.
     * @param string|null $length The Content-Length.
     * @param string|null $signature The values of the header, joined with commas.
     * @param string $remedy The remedy if the body was read before, with the framework's name.
     * @throws Refusal If the program must not get it.
     * @throws InvalidRequestException If other code has read the body before, and it cannot be read again.
     */
    public function receive(callable $read, ?string $length, ?string $signature, string $remedy): Event
    {
        $body = $this->read($read, $length, $remedy);
        try {
            $event = $this->verifier->verify($body, $signature);
            $this->journal?->observe($event);
        } catch (SignatureException $error) {
            throw $this->refuse($error->detail, 401, 'invalid signature', $error);
        } catch (DecodeException $error) {
            if ($this->onUnreadable === null) {
                throw $this->refuse($error->detail, 400, 'unreadable body', $error);
            }
            ($this->onUnreadable)($body, $error);
            throw new Refusal(200, '', $error);
        } catch (JournalException $error) {
            throw $this->refuse($error->detail, 500, 'journal failed', $error);
        }

        return $event;
    }

    /**
     * Runs what receives and handles an event, and returns the status and the text of the response.
     *
     * @param callable(): mixed $run
     * @return array{int, string}
     */
    public function respond(callable $run): array
    {
        try {
            $run();
        } catch (Refusal $refusal) {
            return [$refusal->status, $refusal->getMessage()];
        } catch (\Throwable $error) {
            $this->failed($error);

            return [500, 'webhook not handled'];
        }

        return [200, ''];
    }

    /** Writes to the log that a webhook is delivered again, because the program failed. */
    public function failed(\Throwable $error): void
    {
        $text = 'kopokopo: webhook not handled: ' . $error::class . ': ' . $error->getMessage();
        if ($this->logger !== null) {
            $this->logger->error($text, ['exception' => $error]);
        } else {
            // Without the trace, which can have arguments of the program, such as a phone number.
            \error_log("{$text} in {$error->getFile()}:{$error->getLine()}");
        }
    }

    /**
     * Sets the status of the script's response to 500, until the adapter or the framework sends another one. With
     * `display_errors`, PHP responds to a fatal error with 200, and to `exit` always.
     */
    public static function failUntilHandled(): void
    {
        if (!\headers_sent()) {
            \http_response_code(500);
        }
    }

    /** The response to a request that is not a POST. */
    public static function onlyPost(): Refusal
    {
        return new Refusal(405, 'use POST');
    }

    /** A refusal whose reason is in the log. */
    public function refuse(#[\SensitiveParameter] string $reason, int $status, string $text, ?\Throwable $error = null): Refusal
    {
        $line = "kopokopo: webhook refused with {$status}: {$reason}";
        if ($this->logger === null) {
            \error_log($line);
        } else {
            // The reason is nowhere else, and the default configuration of frameworks writes errors only.
            $this->logger->error($line);
        }

        return new Refusal($status, $text, $error);
    }

    /** @param callable(int): string $read */
    private function read(callable $read, ?string $length, string $remedy): string
    {
        $most = $this->verifier->maxBody();
        // A number of 20 digits exceeds every limit, and is a float to PHP.
        $expected = \preg_match('/^\d+$/D', $length ?? '') ? (float) $length : 0.0;
        if ($expected > $most) {
            throw $this->tooLarge($most);
        }
        $body = '';
        // One byte more shows that a body without a length is too large.
        while (($left = $most + 1 - \strlen($body)) > 0 && ($part = $read(\min($left, self::PART))) !== '') {
            $body .= $part;
        }
        if (\strlen($body) > $most) {
            throw $this->tooLarge($most);
        }
        if (\strlen($body) >= $expected) {
            return $body;
        }
        if ($body !== '') {
            throw $this->refuse('the connection closed before the full body was received', 400, 'incomplete body');
        }

        throw new InvalidRequestException(
            detail: "body: it was read before, and cannot be read again. The signature covers the raw body. {$remedy}",
            field: 'body',
        );
    }

    private function tooLarge(int $most): Refusal
    {
        return $this->refuse("the body is larger than maxBody: {$most}", 413, 'body too large');
    }
}
