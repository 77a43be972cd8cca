<?php

declare(strict_types=1);

namespace KopoKopo\Journal;

/**
 * The base class of a store that keeps its records anywhere. Records are arrays that JSON can hold: look only at
 * `idempotency_key`, `version`, `state`, `operation` and `created_at` (milliseconds since 1970). Each method must be atomic,
 * and durable when it returns.
 */
abstract class CustomJournal implements Store
{
    /**
     * Adds a record. Returns false, and changes nothing, if its key exists.
     *
     * @param array<string, mixed> $record
     */
    abstract public function insert(array $record): bool;

    /**
     * Replaces a record with the same key if it has this version. Returns false otherwise, and changes nothing.
     *
     * @param array<string, mixed> $record
     */
    abstract public function update(array $record, int $version): bool;

    /**
     * Reads a record.
     *
     * @return array<string, mixed>|null
     */
    abstract public function get(string $key): ?array;

    /**
     * Reads the records that match, in the order of their keys, at most `limit`. `states` (empty: all), `name` (the
     * operation), `created_from`, `created_before` and `after_key` are null if they do not matter.
     *
     * @param array{states: list<string>, name: string|null, created_from: int|null, created_before: int|null, after_key: string|null, limit: int} $query
     * @return list<array<string, mixed>>
     */
    abstract public function list(array $query): array;

    final public function __invoke(string $request): string
    {
        $asked = \json_decode($request, true, 16, \JSON_THROW_ON_ERROR);
        $result = match ($asked['operation']) {
            'insert' => $this->insert($asked['record']),
            'update' => $this->update($asked['record'], $asked['version']),
            'get' => $this->get($asked['key']),
            'list' => \array_values($this->list(\array_diff_key($asked, ['operation' => null]))),
        };

        return \json_encode($result, \JSON_THROW_ON_ERROR);
    }

    final public function dialect(): ?string
    {
        return null;
    }

    final public function createsTables(): bool
    {
        return false;
    }
}
