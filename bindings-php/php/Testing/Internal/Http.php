<?php

declare(strict_types=1);

namespace KopoKopo\Testing\Internal;

/**
 * One request on a connection of its own. PHP's wrapper for `http://` can be forbidden by `allow_url_fopen`, and libraries for tests
 * replace it. HTTP 1.0 has no chunks, and ends with the connection.
 *
 * @internal
 */
final class Http
{
    private const TIMEOUT = 30;

    /** No process listens. */
    public const REFUSED = 'refused';

    /** The connection ended before the response, or in it. */
    public const CUT = 'cut';

    /** There was no response in time. */
    public const LATE = 'late';

    /** @return array{int, string}|string The status and the body, or why they are absent. */
    public static function request(string $address, string $method, string $path, #[\SensitiveParameter] ?string $body): array|string
    {
        $host = \substr($address, \strlen('http://'));
        $stream = @\stream_socket_client("tcp://{$host}", $code, $message, self::TIMEOUT);
        if ($stream === false) {
            return self::REFUSED;
        }
        \stream_set_timeout($stream, self::TIMEOUT);
        $headers = ["Host: {$host}", 'Content-Type: application/json', 'Connection: close'];
        if ($body !== null) {
            $headers[] = 'Content-Length: ' . \strlen($body);
        }
        $sent = @\fwrite($stream, "{$method} {$path} HTTP/1.0\r\n" . \implode("\r\n", $headers) . "\r\n\r\n{$body}");
        $text = $sent === false ? '' : (string) @\stream_get_contents($stream);
        $isLate = \stream_get_meta_data($stream)['timed_out'];
        \fclose($stream);
        if ($isLate) {
            return self::LATE;
        }
        $parts = \explode("\r\n\r\n", $text, 2);
        \preg_match('~\AHTTP/1\.\d (\d{3})~', $parts[0], $status);
        \preg_match('~^content-length: *(\d+)~mi', $parts[0], $length);
        $content = $parts[1] ?? null;

        return $content === null || $status === [] || ($length !== [] && \strlen($content) !== (int) $length[1])
            ? self::CUT
            : [(int) $status[1], $content];
    }
}
