<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

use Psr\Log\LoggerInterface;

/**
 * What has methods of the library: the client, its sections, what was created.
 *
 * @internal
 */
abstract class Native implements \JsonSerializable
{
    public const SECTIONS = [];

    /** The name of the section in the client: an operation is `SECTION.method`. */
    public const SECTION = '';

    /** @var array<string, Native> */
    private array $sections = [];

    /** @var list<object> What must live as long as this: a token source, a store, a logger. */
    private array $kept = [];

    protected ?LoggerInterface $logger = null;

    public function __construct(#[\SensitiveParameter] protected NativeObject $native, ?LoggerInterface $logger = null)
    {
        $this->keep([$logger]);
    }

    public static function of(NativeObject $native, ?object ...$kept): static
    {
        $made = (new \ReflectionClass(static::class))->newInstanceWithoutConstructor();
        $made->native = $native;
        $made->keep($kept);

        return $made;
    }

    /** @param array<object|null> $kept */
    private function keep(array $kept): void
    {
        foreach (\array_filter($kept) as $object) {
            $this->kept[] = $object;
            $this->logger ??= match (true) {
                $object instanceof LoggerInterface => $object,
                $object instanceof self => $object->logger,
                default => null,
            };
        }
    }

    /**
     * Runs a call, and tells the logger.
     *
     * @param array<string, mixed> $given
     */
    protected function call(string $method, #[\SensitiveParameter] array $given): mixed
    {
        $run = fn () => Calls::call($this->native, $method, $given);
        if ($this->logger === null) {
            return $run();
        }
        // All methods that make something take a key.
        $sends = \array_key_exists('idempotency_key', $given) || $method === 'post';

        return (new Log($this->logger, static::SECTION . ".{$method}", $sends, $given['idempotency_key'] ?? null))->measure($run);
    }

    /**
     * The states of a resource as they change.
     *
     * @param \Closure(array<mixed>): Record $read
     * @return \Generator<int, Record>
     */
    protected function states(NativeObject $watch, \Closure $read): \Generator
    {
        $log = $this->logger === null ? null : new Log($this->logger, static::SECTION . '.get');

        return Calls::watch($watch, $read, $log);
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
