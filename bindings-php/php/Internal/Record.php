<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

/**
 * A value of the API. JSON has all of it but secrets and the raw text, because programs store it. Dumps hide personal data.
 *
 * @internal
 */
abstract readonly class Record implements \JsonSerializable
{
    public const HIDDEN = [];

    /** @return array<string, mixed> */
    public function __debugInfo(): array
    {
        $fields = \get_object_vars($this);
        foreach (static::HIDDEN as $name => $why) {
            if (isset($fields[$name]) && $fields[$name] !== []) {
                $fields[$name] = "[{$why}]";
            }
        }

        return $fields;
    }

    /** @return array<string, mixed> */
    public function jsonSerialize(): array
    {
        $fields = \get_object_vars($this);
        foreach (static::HIDDEN as $name => $why) {
            if ($why === 'secret' || $why === 'raw') {
                unset($fields[$name]);
            }
        }

        return \array_map(
            static fn (mixed $value) => $value instanceof \DateTimeInterface ? $value->format('Y-m-d\TH:i:s.uP') : $value,
            $fields,
        );
    }

    /** @return array<string, mixed> */
    public function __serialize(): array
    {
        if (\in_array('secret', static::HIDDEN, true)) {
            throw new \LogicException(static::class . ' has a secret, and cannot be serialized');
        }

        return \get_object_vars($this);
    }

    /** @param array<string, mixed> $fields */
    public function __unserialize(array $fields): void
    {
        foreach ($fields as $name => $value) {
            $this->$name = $value;
        }
    }
}
