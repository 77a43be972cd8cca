<?php

// Values of this package as tagged values (tests/conformance.md), and back. Nothing here depends on a record's name.

declare(strict_types=1);

use KopoKopo\EventPayload;
use KopoKopo\Exception\KopoKopoException;
use KopoKopo\Internal\Native;
use KopoKopo\Internal\OpenEnum;
use KopoKopo\Internal\Record;

final class Tagged
{
    public static function camel(string $name): string
    {
        return \lcfirst(\str_replace('_', '', \ucwords($name, '_')));
    }

    public static function snake(string $name): string
    {
        return \strtolower((string) \preg_replace('/[A-Z]/', '_$0', $name));
    }

    public static function name(object|string $class): string
    {
        return \substr((string) \strrchr(\is_object($class) ? $class::class : $class, '\\'), 1);
    }

    /** A result. `field` is the name of the field that has it. */
    public static function of(mixed $value, string $field = ''): mixed
    {
        return match (true) {
            \is_array($value) && $field === 'metadata' => ['$metadata' => (object) $value],
            \is_array($value) => \array_map(static fn (mixed $item) => self::of($item), $value),
            \is_string($value) => $field === 'raw' ? ['$raw' => $value] : $value,
            $value instanceof DateTimeInterface => ['$timestamp' => $value->format('Y-m-d\TH:i:s.uP')],
            $value instanceof OpenEnum => ['$word' => $value->value, 'of' => self::name($value)],
            $value instanceof Native => [
                '$handle' => self::name($value), 'id' => $value->id(), 'location' => $value->location(),
            ],
            $value instanceof EventPayload => [
                '$union' => 'EventPayload', 'kind' => $value->kind(), ...self::fields($value),
            ],
            $value instanceof Record => ['$record' => self::name($value), ...self::fields($value)],
            default => $value,
        };
    }

    /** @return array<string, mixed> */
    private static function fields(object $record): array
    {
        $fields = [];
        foreach (\get_object_vars($record) as $name => $value) {
            $fields[self::snake($name)] = self::of($value, $name);
        }

        return $fields;
    }

    /** @return array<string, mixed> */
    public static function error(KopoKopoException $error): array
    {
        $fields = ['kind' => $error->kind(), 'class' => self::name($error), 'retried' => false, 'camel' => true];
        foreach (KopoKopoException::FIELDS as $name) {
            $fields[self::snake($name)] = self::of($error->$name);
        }
        $seconds = $fields['retry_after'];
        unset($fields['retry_after']);
        $fields['retry_after_ms'] = $seconds === null ? null : (int) \round($seconds * 1000);

        return $fields;
    }

    /** An argument. */
    public static function from(mixed $value): mixed
    {
        if (!$value instanceof stdClass && !\is_array($value)) {
            return $value;
        }
        $fields = (array) $value;
        foreach (['$amount', '$raw', '$timestamp', '$word'] as $tag) {
            if (\array_key_exists($tag, $fields)) {
                return $fields[$tag];
            }
        }
        if (\array_key_exists('$metadata', $fields)) {
            return self::plain($fields['$metadata']);
        }
        if (isset($fields['$bytes'])) {
            return \base64_decode($fields['$bytes'], true);
        }
        if (isset($fields['$record'])) {
            // Functions of a record need its raw text only.
            return ('KopoKopo\\' . $fields['$record'])::class;
        }
        $fields = \array_map(self::from(...), $fields);
        if (isset($fields['$union'])) {
            $class = 'KopoKopo\\' . $fields['$union'] . '\\' . \ucfirst(self::camel($fields['kind']));
            unset($fields['$union'], $fields['kind']);

            return new $class(...self::completed((new ReflectionClass($class))->getConstructor(), self::named($fields)));
        }

        return $fields;
    }

    /**
     * Arguments of a function. PHP's types do not allow null for a required one that is absent: an empty value has its place.
     *
     * @param array<string, mixed> $given
     * @return array<string, mixed>
     */
    public static function completed(ReflectionFunctionAbstract $function, array $given): array
    {
        foreach ($function->getParameters() as $parameter) {
            $type = (string) $parameter->getType();
            if (!$parameter->isOptional() && !isset($given[$parameter->getName()]) && !$parameter->allowsNull()) {
                $given[$parameter->getName()] = $type === 'array' ? [] : '';
            }
        }

        return $given;
    }

    public static function plain(mixed $value): mixed
    {
        return $value instanceof stdClass || \is_array($value) ? \array_map(self::plain(...), (array) $value) : $value;
    }

    /**
     * @param array<string, mixed> $fields
     * @return array<string, mixed> With PHP's names.
     */
    public static function named(array $fields): array
    {
        return \array_combine(\array_map(self::camel(...), \array_keys($fields)), \array_values($fields));
    }
}
