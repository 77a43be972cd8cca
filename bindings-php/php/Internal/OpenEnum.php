<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

/**
 * A word of the API. There may be more words than the constants of its class: `is()` compares, `isKnown()` says whether this
 * version knows the word.
 *
 * @internal
 */
abstract readonly class OpenEnum implements \JsonSerializable, \Stringable
{
    public const WORDS = [];

    final public function __construct(public string $value)
    {
    }

    public static function fromNative(string $value): static
    {
        return new static($value);
    }

    public function is(self|string $word): bool
    {
        return $this->value === (string) $word;
    }

    public function isKnown(): bool
    {
        return \in_array($this->value, static::WORDS, true);
    }

    public function __toString(): string
    {
        return $this->value;
    }

    public function jsonSerialize(): string
    {
        return $this->value;
    }
}
