<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

use Psr\Log\LoggerInterface;

/**
 * Warns of outcomes that a store could not write. The call has its result then, so nothing else says it.
 *
 * @internal
 */
final class Unwritten
{
    /** How many keys are remembered, to warn once of each. */
    private const REMEMBERED = 100;

    /** @var array<string, true> */
    private static array $warned = [];

    /** The store has failed to run a request, for this cause. */
    public static function warn(#[\SensitiveParameter] string $request, string $cause, ?LoggerInterface $logger): void
    {
        $key = self::key(\json_decode($request, true, 64, \JSON_THROW_ON_ERROR));
        if ($key === null || isset(self::$warned["k{$key}"])) {
            return;
        }
        self::$warned["k{$key}"] = true;
        if (\count(self::$warned) > self::REMEMBERED) {
            unset(self::$warned[\array_key_first(self::$warned)]);
        }
        Log::warn(
            $logger,
            "kopokopo: the journal could not write the outcome of the request with the idempotency key \"{$key}\" ({$cause}), and tries "
            . 'it again. If that fails too, its record becomes unknown: see $client->journal->reconcile()',
        );
    }

    /**
     * The key of a request that writes an outcome. What is written before a request is sent has the state `started`, and its
     * failure is the caller's.
     *
     * @param array<string, mixed> $asked
     */
    private static function key(array $asked): ?string
    {
        [$key, $state] = isset($asked['sql']) ? self::ofStatement($asked['sql'], $asked['parameters']) : self::ofRecord($asked);

        return $state === 'started' ? null : $key;
    }

    /**
     * @param array<string, mixed> $asked
     * @return array{string|null, string|null}
     */
    private static function ofRecord(array $asked): array
    {
        $record = $asked['operation'] === 'update' ? $asked['record'] : [];

        return [$record['idempotency_key'] ?? null, $record['state'] ?? null];
    }

    /**
     * @param list<int|string|null> $parameters
     * @return array{string|null, string|null}
     */
    private static function ofStatement(string $sql, array $parameters): array
    {
        if (\preg_match('/\AUPDATE .* SET (.*) WHERE idempotency_key = /s', $sql, $found) !== 1) {
            return [null, null];
        }
        $assigned = \explode(', ', $found[1]);
        $states = \array_filter($assigned, static fn (string $column) => \str_starts_with(\trim($column), 'state ='));

        return [$parameters[\count($assigned)] ?? null, $parameters[\array_key_first($states) ?? -1] ?? null];
    }
}
