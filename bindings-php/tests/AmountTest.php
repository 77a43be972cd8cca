<?php

declare(strict_types=1);

use KopoKopo\Amount;
use KopoKopo\Client;
use KopoKopo\Destination\MobileWallet;
use KopoKopo\Exception\InvalidRequestException;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/../php/autoload.php';

/** Amounts are compared and converted exactly. */
final class AmountTest extends TestCase
{
    private const REFUSED = [
        '', ' ', '-', '.', '1.', '.5', '1,000', '1 000', 'KES 5', 'NaN', 'INF', '0x10', '+5', '--5', '1e5', '1.2.3', "1\0", '١',
        '99999999999999999999999999999',
    ];

    protected function setUp(): void
    {
        \mt_srand(7);
    }

    /** An amount of so many cents, written in any way. */
    private static function written(int $units): string
    {
        $text = \sprintf('%s%s%d.%02d', $units < 0 ? '-' : '', \str_repeat('0', \mt_rand(0, 3)), \intdiv(\abs($units), 100), \abs($units) % 100);

        return match (\mt_rand(0, 3)) {
            0 => $text . \str_repeat('0', \mt_rand(0, 5)),
            1 => \rtrim(\rtrim($text, '0'), '.'),
            2 => " {$text}\n",
            default => $text,
        };
    }

    private static function random(): int
    {
        $largest = 10 ** \mt_rand(1, 16);

        return \mt_rand(-$largest, $largest);
    }

    public function testAmountsAreComparedAsTheIntegersThatTheyAre(): void
    {
        for ($round = 0; $round < 5000; $round++) {
            $a = self::random();
            $b = \mt_rand(0, 2) === 0 ? $a + \mt_rand(-1, 1) : self::random();
            [$left, $right] = [self::written($a), self::written($b)];
            self::assertSame($a <=> $b, Amount::compare($left, $right), "{$left} {$right}");
            self::assertSame($a === $b, Amount::equals($left, $right));
            self::assertSame(-($a <=> $b), Amount::compare($right, $left));
        }
    }

    public function testCentsAndAmountsAreConvertedBack(): void
    {
        $all = [0, 1, -1, 9, 10, 99, 100, -100, \PHP_INT_MAX, \PHP_INT_MIN, \PHP_INT_MAX - 1];
        for ($round = 0; $round < 5000; $round++) {
            $all[] = self::random();
        }
        foreach ($all as $units) {
            $amount = Amount::fromMinorUnits($units);
            self::assertSame($units, Amount::toMinorUnits($amount), $amount);
            self::assertDoesNotMatchRegularExpression('/\.\d*0$|\.$|^-?0\d/', $amount);
        }
        self::assertSame(['100', '100.5', '0.05', '-0.05'], \array_map(Amount::fromMinorUnits(...), [10000, 10050, 5, -5]));
        self::assertSame(0, Amount::toMinorUnits('-0.00'));
        self::assertSame(10000, Amount::toMinorUnits(100));
    }

    public function testLongAmountsAreExact(): void
    {
        self::assertFalse(Amount::equals('9007199254740993', '9007199254740992'), 'floats would be equal');
        self::assertSame(-1, Amount::compare('0.0000000000000000000000000001', '0.0000000000000000000000000002'));
        self::assertSame(1, Amount::compare('1234567890123456789012345678', '1234567890123456789012345677'));
        self::assertTrue(Amount::equals('0000000000000000000000000000000000000.5', '0.50'));
        self::assertTrue(Amount::equals('-0', 0));
    }

    public function testWhatIsNoExactAmountIsRefused(): void
    {
        $calls = [];
        foreach ([...self::REFUSED, 1.0, 100.5, \NAN, true, false] as $wrong) {
            $calls[] = static fn () => Amount::equals('1', $wrong);
            $calls[] = static fn () => Amount::compare($wrong, '1');
            $calls[] = static fn () => Amount::toMinorUnits($wrong);
        }
        foreach ([1.0, 100.5, true, false] as $wrong) {
            $calls[] = static fn () => Amount::fromMinorUnits($wrong);
        }
        $calls[] = static fn () => Amount::toMinorUnits('0.001');
        $calls[] = static fn () => Amount::toMinorUnits('92233720368547758.08');
        foreach ($calls as $call) {
            try {
                $call();
                self::fail('it is refused');
            } catch (InvalidRequestException $error) {
                self::assertContains($error->field, ['a', 'b', 'amount', 'units']);
                self::assertStringStartsWith("{$error->field}: ", $error->getMessage());
            }
        }
    }

    public function testFloatsAndBooleansAreRefusedWhereverAnAmountIs(): void
    {
        $client = new Client(clientId: 'app', clientSecret: 'canary', baseUrl: 'http://127.0.0.1:9');
        $others = ['tillNumber' => 'K000000', 'phoneNumber' => '0712345678', 'callbackUrl' => 'https://shop.example/k2'];
        $to = static fn (mixed $amount) => [new MobileWallet(phoneNumber: '0712345678', amount: $amount, description: 'Wages')];
        $calls = [
            static fn (mixed $amount) => $client->incomingPayments->create(...$others, amount: $amount),
            static fn (mixed $amount) => $client->sendMoney->create(destinations: $to($amount), callbackUrl: $others['callbackUrl']),
            fn (mixed $amount) => $this->event()->isPaidAtLeast($amount),
            fn (mixed $amount) => $this->event()->payload->incomingPayment->isPaidAtLeast($amount),
        ];
        foreach ($calls as $at => $call) {
            foreach ([true, false, 100.0, 100.5, 1e30] as $amount) {
                try {
                    $call($amount);
                    self::fail("{$at} accepts " . \var_export($amount, true));
                } catch (InvalidRequestException $error) {
                    self::assertStringEndsWith('amount', (string) $error->field);
                    self::assertMatchesRegularExpression('/must be (exact|a decimal)/', $error->detail);
                }
            }
        }
    }

    public function testLibraryAgreesWhatIsAnAmount(): void
    {
        $event = $this->event();
        foreach ([...self::REFUSED, '1', '0.5', ' 7 ', '007', '100.00'] as $text) {
            $isRefused = static function (callable $call): bool {
                try {
                    $call();
                } catch (InvalidRequestException) {
                    return true;
                }

                return false;
            };
            $byLibrary = $isRefused(static fn () => $event->isPaidAtLeast($text));
            self::assertSame($byLibrary, $isRefused(static fn () => Amount::compare($text, '0')), $text);
        }
    }

    private function event(): KopoKopo\Event
    {
        require_once __DIR__ . '/Support/load.php';

        return K2Test\Support\Sandbox::event();
    }
}
