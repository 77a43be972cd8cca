<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

/**
 * A value of the API. JSON has all of it but secrets and the raw text, and `serialize` all but secrets, because programs
 * store it. Dumps hide personal data.
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

    /** What a variant has in it. The extension does not show it a second time. */
    final protected function held(): ?self
    {
        foreach ($this as $held) {
            return $held;
        }

        return null;
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

    /**
     * What caches and queues keep: all of it but tokens.
     *
     * @return array<string, mixed>
     */
    public function __serialize(): array
    {
        return \array_diff_key(\get_object_vars($this), \array_filter(static::HIDDEN, static fn (string $why) => $why === 'secret'));
    }

    /**
     * A token that is left out stays without a value: reading it is an error.
     *
     * @param array<string, mixed> $fields
     */
    public function __unserialize(array $fields): void
    {
        $restore = function (array $fields): void {
            foreach ((new \ReflectionClass($this))->getProperties() as $property) {
                $name = $property->getName();
                // Another version may have written other fields.
                if (\array_key_exists($name, $fields) || ($property->getType()?->allowsNull() && !isset(static::HIDDEN[$name]))) {
                    $this->$name = $fields[$name] ?? null;
                }
            }
        };
        // Read-only properties can be written in their own class only.
        $restore->bindTo($this, static::class)($fields);
    }
}
