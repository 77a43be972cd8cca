<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

use KopoKopo\Exception\KopoKopoException;

/**
 * Names in errors, as programs in PHP write them: `phoneNumber`, where the contract has `phone_number`.
 *
 * @internal
 */
final class Names
{
    /** Its names are the program's own. */
    private const METADATA = 'metadata';

    /** The path of a field: `destinations[0].phoneNumber`. */
    public static function path(string $path): string
    {
        $parts = \explode('.', $path);
        $own = \array_search(self::METADATA, $parts, true);
        foreach ($parts as $at => $part) {
            // An environment variable such as K2_CLIENT_ID keeps its name.
            if (($own === false || $at <= $own) && $part !== \strtoupper($part)) {
                $parts[$at] = self::camel($part);
            }
        }

        return \implode('.', $parts);
    }

    /** The detail of an error, which can begin with the path. */
    public static function detail(string $detail, ?string $path): string
    {
        $begin = $path !== null && \str_starts_with($detail, $path) ? $path : '';
        $rest = \substr($detail, \strlen($begin));
        $renamed = \preg_replace_callback(
            '~(?<![/\w])[a-z0-9]++(?:_[a-z0-9]++)++\b~',
            static fn (array $found) => \in_array($found[0], KopoKopoException::NAMES, true) ? self::camel($found[0]) : $found[0],
            $rest,
        );

        return self::path($begin) . ($renamed ?? $rest);
    }

    private static function camel(string $name): string
    {
        return (string) \preg_replace_callback('/_+([^_])/', static fn (array $found) => \strtoupper($found[1]), $name);
    }
}
