<?php

declare(strict_types=1);

namespace KopoKopo;

use KopoKopo\Exception\InvalidRequestException;

/**
 * Exact arithmetic of amounts, which are decimal strings: the API's `100.00` and this package's `100` are the same amount, but
 * different strings. A float is refused, because it is not exact. So is a boolean, which PHP would make an integer of.
 */
final class Amount
{
    /** No amount of the API has more digits. */
    private const MAX_DIGITS = 28;

    private const CENTS = 2;

    private function __construct()
    {
    }

    /**
     * Whether two amounts are equal: `Amount::equals('100.00', '100')` is true.
     *
     * @param string|int $a
     * @param string|int $b
     * @throws InvalidRequestException if one of them is not an exact amount
     */
    public static function equals(string|int|float|bool $a, string|int|float|bool $b): bool
    {
        return self::compare($a, $b) === 0;
    }

    /**
     * Compares two amounts: -1 if the first is less than the second, 0 if they are equal, 1 if it is greater.
     *
     * @param string|int $a
     * @param string|int $b
     * @throws InvalidRequestException if one of them is not an exact amount
     */
    public static function compare(string|int|float|bool $a, string|int|float|bool $b): int
    {
        [$isNegative, $whole, $fraction] = self::parse($a, 'a');
        [$isOtherNegative, $otherWhole, $otherFraction] = self::parse($b, 'b');
        if ($isNegative !== $isOtherNegative) {
            return $isNegative ? -1 : 1;
        }
        // As texts of the same length. `<=>` would compare them as floats.
        $length = \max(\strlen($whole), \strlen($otherWhole));
        $text = \str_pad($whole, $length, '0', \STR_PAD_LEFT) . \str_pad($fraction, self::MAX_DIGITS, '0');
        $other = \str_pad($otherWhole, $length, '0', \STR_PAD_LEFT) . \str_pad($otherFraction, self::MAX_DIGITS, '0');
        $order = \strcmp($text, $other) <=> 0;

        return $isNegative ? -$order : $order;
    }

    /**
     * An amount in cents: `Amount::toMinorUnits('100.50')` is 10050.
     *
     * @param string|int $amount
     * @throws InvalidRequestException if it is not an exact amount, has a fraction of a cent, or has more digits than an integer
     */
    public static function toMinorUnits(string|int|float|bool $amount): int
    {
        [$isNegative, $whole, $fraction] = self::parse($amount, 'amount');
        if (\strlen($fraction) > self::CENTS) {
            throw self::refuse('amount', 'has a fraction of a cent');
        }
        $digits = \ltrim($whole . \str_pad($fraction, self::CENTS, '0'), '0');
        $units = \filter_var(($isNegative ? '-' : '') . ($digits === '' ? '0' : $digits), \FILTER_VALIDATE_INT);

        return \is_int($units) ? $units : throw self::refuse('amount', 'is too large to be an integer in cents');
    }

    /**
     * The amount of so many cents, as short as this package writes amounts: `100.5` for 10050, and `100` for 10000.
     *
     * @param int $units
     * @throws InvalidRequestException if it is not an integer
     */
    public static function fromMinorUnits(int|float|bool $units): string
    {
        // PHP would make an integer of it: one cent of `true`, and 100 of 100.9.
        if (!\is_int($units)) {
            throw self::refuse('units', 'must be an integer');
        }
        $digits = \str_pad(\ltrim((string) $units, '-'), self::CENTS + 1, '0', \STR_PAD_LEFT);
        $amount = \rtrim(\substr($digits, 0, -self::CENTS) . '.' . \substr($digits, -self::CENTS), '0');

        return ($units < 0 ? '-' : '') . \rtrim($amount, '.');
    }

    /** @return array{bool, string, string} Whether it is negative, its whole part, and its fraction without zeros at the end. */
    private static function parse(string|int|float|bool $amount, string $field): array
    {
        if (!\is_string($amount) && !\is_int($amount)) {
            throw self::refuse($field, 'must be exact: pass text or an integer, not a ' . (\is_float($amount) ? 'floating point number' : 'boolean'));
        }
        $isAmount = \preg_match('/\A\s*(-?)0*(\d+)(?:\.(\d+))?\s*\z/', (string) $amount, $parts);
        $fraction = \rtrim($parts[3] ?? '', '0');
        if ($isAmount !== 1 || \strlen(\ltrim($parts[2], '0') . $fraction) > self::MAX_DIGITS || \strlen($fraction) > self::MAX_DIGITS) {
            throw self::refuse($field, 'must be a plain decimal number such as 100 or 100.50, of at most 28 digits');
        }
        $isZero = \trim($parts[2] . $fraction, '0') === '';

        return [$parts[1] === '-' && !$isZero, $parts[2], $fraction];
    }

    private static function refuse(string $field, string $remedy): InvalidRequestException
    {
        return new InvalidRequestException("{$field}: {$remedy}", field: $field);
    }
}
