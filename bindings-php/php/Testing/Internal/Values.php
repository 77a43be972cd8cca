<?php

declare(strict_types=1);

namespace KopoKopo\Testing\Internal;

use KopoKopo\Internal\OpenEnum;
use KopoKopo\Internal\Record;

/**
 * Checks and converts what programs give to the helpers. Errors name the parameter.
 *
 * @internal
 */
final class Values
{
    public static function string(mixed $value, string $name): string
    {
        \is_string($value) || throw self::type($name, 'a string', $value);
        \preg_match('//u', $value) === 1 || throw new \InvalidArgumentException("{$name}: must be valid UTF-8");

        return $value;
    }

    public static function integer(mixed $value, string $name): int
    {
        return \is_int($value) ? $value : throw self::type($name, 'an integer', $value);
    }

    public static function float(mixed $value, string $name): float
    {
        \is_float($value) || \is_int($value) || throw self::type($name, 'a number', $value);

        return \is_finite((float) $value) ? (float) $value : throw new \InvalidArgumentException("{$name}: must be a finite number");
    }

    /** A float has no exact amount. */
    public static function amount(mixed $value, string $name): string
    {
        \is_string($value) || \is_int($value) || throw self::type($name, "a string such as '10.50', or an integer", $value);
        $text = (string) $value;

        return \preg_match('/\A-?\d+(\.\d+)?\z/', $text) === 1
            ? $text
            : throw new \InvalidArgumentException("{$name}: must be an amount such as '10.50', not " . self::shown($text));
    }

    /**
     * @template T of OpenEnum
     *
     * @param class-string<T> $class
     *
     * @return T
     */
    public static function word(mixed $value, string $class, string $name): OpenEnum
    {
        if ($value instanceof $class) {
            $value = $value->value;
        }
        \is_string($value) || throw self::type($name, "a string or a {$class}", $value);
        $known = \implode(', ', $class::WORDS);

        return \in_array($value, $class::WORDS, true)
            ? new $class($value)
            : throw new \InvalidArgumentException("{$name}: unknown word " . self::shown($value) . "; expected one of: {$known}");
    }

    /**
     * @template T of Record
     *
     * @param class-string<T> $class
     *
     * @return T
     */
    public static function record(mixed $value, string $class, string $name): Record
    {
        return $value instanceof $class ? $value : throw self::type($name, "a {$class}", $value);
    }

    /**
     * Calls the function with each item and its name.
     *
     * @template T
     *
     * @param callable(mixed, string): T $check
     *
     * @return list<T>
     */
    public static function list(mixed $value, string $name, callable $check): array
    {
        \is_array($value) && \array_is_list($value) || throw self::type($name, 'a list', $value);
        $checked = [];
        foreach ($value as $at => $item) {
            $checked[] = $check($item, "{$name}[{$at}]");
        }

        return $checked;
    }

    /** An empty array would be a list in JSON. */
    public static function map(mixed $value, string $name): object
    {
        \is_array($value) && ($value === [] || !\array_is_list($value)) || throw self::type($name, 'an array with names', $value);

        return (object) self::json($value, $name);
    }

    public static function json(mixed $value, string $name): mixed
    {
        if ($value === null || \is_bool($value) || \is_int($value)) {
            return $value;
        }
        if (\is_float($value)) {
            return self::float($value, $name);
        }
        if (\is_string($value)) {
            return self::string($value, $name);
        }
        if ($value instanceof \stdClass) {
            return (object) self::json((array) $value ?: null, $name);
        }
        \is_array($value) || throw self::type($name, 'JSON: an array, a string, a number, a boolean or null', $value);
        $checked = [];
        foreach ($value as $key => $item) {
            self::string((string) $key, $name);
            $checked[$key] = self::json($item, \is_int($key) ? "{$name}[{$key}]" : "{$name}.{$key}");
        }

        return $checked;
    }

    /** A part of a path. */
    public static function segment(string $value, string $name): string
    {
        return $value === '' ? throw new \InvalidArgumentException("{$name}: must not be empty") : \rawurlencode($value);
    }

    /**
     * The fields of a body that were not left out.
     *
     * @param array<string, mixed> $fields
     *
     * @return array<string, mixed>
     */
    public static function given(array $fields): array
    {
        return \array_filter($fields, static fn (mixed $value) => $value !== null);
    }

    /**
     * One of these names, as the sandbox has them.
     *
     * @param list<string> $names
     */
    public static function known(string $value, array $names, string $parameter): void
    {
        $known = \implode(', ', $names);
        \in_array($value, $names, true)
            || throw new \InvalidArgumentException("{$parameter}: unknown {$parameter} " . self::shown($value) . "; expected one of: {$known}");
    }

    /** Without the value, which can be a secret in the wrong place. */
    private static function type(string $name, string $expected, mixed $value): \TypeError
    {
        return new \TypeError("{$name}: must be {$expected}, not " . \get_debug_type($value));
    }

    private static function shown(string $text): string
    {
        return (string) \json_encode($text, \JSON_INVALID_UTF8_SUBSTITUTE | \JSON_UNESCAPED_UNICODE | \JSON_UNESCAPED_SLASHES);
    }
}
