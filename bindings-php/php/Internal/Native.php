<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

/**
 * What has methods of the library: the client, its sections, what was created.
 *
 * @internal
 */
abstract class Native implements \JsonSerializable
{
    public const SECTIONS = [];

    /** @var array<string, Native> */
    private array $sections = [];

    /** @var list<object> What must live as long as this: a token source, a store. */
    private array $kept = [];

    public function __construct(#[\SensitiveParameter] protected NativeObject $native)
    {
    }

    public static function of(NativeObject $native, object ...$kept): static
    {
        $made = (new \ReflectionClass(static::class))->newInstanceWithoutConstructor();
        $made->native = $native;
        $made->kept = $kept;

        return $made;
    }

    public function __get(string $name): self
    {
        if (isset($this->sections[$name])) {
            return $this->sections[$name];
        }
        [$word, $class] = static::SECTIONS[$name]
            ?? throw new \Error(\sprintf('Undefined property: %s::$%s', static::class, $name));

        return $this->sections[$name] = $class::of(Calls::ask($this->native, $word, []), ...$this->kept);
    }

    /** @return array{} */
    public function __debugInfo(): array
    {
        return [];
    }

    /** @return array{} */
    public function jsonSerialize(): array
    {
        return [];
    }

    /** @return never */
    public function __serialize(): array
    {
        throw new \LogicException(static::class . ' cannot be serialized: make a client where you need one');
    }

    public function __clone()
    {
        throw new \LogicException(static::class . ' cannot be cloned: use withOptions()');
    }
}
