<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

use KopoKopo\Exception\KopoKopoException;

/**
 * What all errors of the library are.
 *
 * @internal
 */
abstract class Failure extends \RuntimeException implements \JsonSerializable
{
    /** Reads what `udl/src/value/codec.rs` wrote of an error. */
    public static function decode(#[\SensitiveParameter] string $encoded): KopoKopoException
    {
        [$known, $resource] = \json_decode(\substr($encoded, 1), false, 16, \JSON_THROW_ON_ERROR);
        [$kind, $detail, $operation, $field, $status, $serverCode, $messages, $retryAfter, $attempts, $body] = $known;
        [$id, $location, $state, $requestId, $sentAt, $idempotencyKey, $fingerprint] = $resource;
        $class = KopoKopoException::CLASSES[$kind];

        return new $class(
            detail: Names::detail($detail, $field),
            operation: $operation,
            field: $field === null ? null : Names::path($field),
            status: $status,
            serverCode: $serverCode,
            messages: $messages,
            retryAfter: $retryAfter,
            attempts: $attempts,
            body: $body,
            id: $id,
            location: $location,
            state: $state,
            requestId: $requestId,
            sentAt: $sentAt === null ? null : new \DateTimeImmutable($sentAt),
            idempotencyKey: $idempotencyKey,
            fingerprint: $fingerprint,
        );
    }

    /** @return array<string, mixed> The fields that are set, without the body, which may have personal data. */
    public function __debugInfo(): array
    {
        $fields = ['kind' => $this->kind(), 'message' => $this->getMessage()];
        foreach (KopoKopoException::FIELDS as $name) {
            if ($name !== 'body' && $this->$name !== null && $this->$name !== []) {
                $fields[$name] = $this->$name;
            }
        }

        return $fields;
    }

    /** @return array<string, mixed> */
    public function jsonSerialize(): array
    {
        return \array_map(
            static fn (mixed $value) => $value instanceof \DateTimeInterface ? $value->format('Y-m-d\TH:i:s.uP') : $value,
            $this->__debugInfo(),
        );
    }

    /**
     * Without the body of the response, and without the trace, whose arguments may be of any kind.
     *
     * @return array<string, mixed>
     */
    public function __serialize(): array
    {
        $fields = ['file' => $this->file, 'line' => $this->line];
        foreach (KopoKopoException::FIELDS as $name) {
            if ($name !== 'body') {
                $fields[$name] = $this->$name;
            }
        }

        return $fields;
    }

    /** @param array<string, mixed> $fields */
    public function __unserialize(array $fields): void
    {
        $known = \array_intersect_key($fields, \array_flip(KopoKopoException::FIELDS));
        $this->__construct(...$known);
        [$this->file, $this->line] = [$fields['file'] ?? '', $fields['line'] ?? 0];
    }
}
