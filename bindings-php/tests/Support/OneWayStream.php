<?php

declare(strict_types=1);

namespace K2Test\Support;

use Psr\Http\Message\StreamInterface;

/** A stream that cannot be rewound, and returns a few bytes at a time. */
final class OneWayStream implements StreamInterface
{
    private int $position = 0;

    public function __construct(private readonly string $content)
    {
    }

    public function __toString(): string
    {
        return $this->getContents();
    }

    public function close(): void
    {
    }

    public function detach()
    {
        return null;
    }

    public function getSize(): ?int
    {
        return null;
    }

    public function tell(): int
    {
        return $this->position;
    }

    public function eof(): bool
    {
        return $this->position >= \strlen($this->content);
    }

    public function isSeekable(): bool
    {
        return false;
    }

    public function seek($offset, $whence = \SEEK_SET): void
    {
        throw new \RuntimeException('not seekable');
    }

    public function rewind(): void
    {
        throw new \RuntimeException('not seekable');
    }

    public function isWritable(): bool
    {
        return false;
    }

    public function write($string): int
    {
        throw new \RuntimeException('not writable');
    }

    public function isReadable(): bool
    {
        return true;
    }

    public function read($length): string
    {
        $part = \substr($this->content, $this->position, \min($length, 1000));
        $this->position += \strlen($part);

        return $part;
    }

    public function getContents(): string
    {
        return $this->read(\PHP_INT_MAX);
    }

    public function getMetadata($key = null)
    {
        return $key === null ? [] : null;
    }
}
