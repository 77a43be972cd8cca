<?php

declare(strict_types=1);

namespace K2Test\Support;

/** A response to a request that a test sends. */
final class Http
{
    private function __construct(public readonly int $status, public readonly string $body, public readonly string $head)
    {
    }

    /** @param array<string, string> $headers */
    public static function request(string $url, string $method = 'GET', string $body = '', array $headers = [], float $timeout = 30): self
    {
        $lines = ['Connection: close'];
        foreach ($headers + ['Content-Type' => 'application/json'] as $name => $value) {
            $lines[] = "{$name}: {$value}";
        }
        $context = \stream_context_create(['http' => [
            'method' => $method, 'header' => $lines, 'content' => $body, 'ignore_errors' => true, 'timeout' => $timeout,
            'follow_location' => 0,
        ]]);
        $text = @\file_get_contents($url, false, $context);
        $head = $http_response_header ?? [];

        return new self((int) \substr($head[0] ?? 'HTTP/1.1 000', 9, 3), (string) $text, \implode("\n", $head));
    }
}
