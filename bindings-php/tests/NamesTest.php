<?php

declare(strict_types=1);

use KopoKopo\Client;
use KopoKopo\Destination\MobileWallet;
use KopoKopo\Exception\KopoKopoException;
use KopoKopo\Internal\Names;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/../php/autoload.php';

/** Errors name what a program in PHP writes. */
final class NamesTest extends TestCase
{
    /** @return iterable<string, array{string, callable(): mixed}> */
    public static function calls(): iterable
    {
        $client = new Client(clientId: 'app', clientSecret: 'canary', baseUrl: 'http://127.0.0.1:9');
        $url = 'https://shop.example/k2';
        $pay = static fn (mixed ...$given) => $client->incomingPayments->create(
            ...[...['tillNumber' => 'K000000', 'phoneNumber' => '0712345678', 'amount' => '1', 'callbackUrl' => $url], ...$given],
        );
        yield 'argument' => ['phoneNumber', static fn () => $pay(phoneNumber: '1')];
        yield 'other argument' => ['callbackUrl', static fn () => $pay(callbackUrl: 'x')];
        yield 'own argument of PHP' => ['idempotencyKey', static fn () => $pay(idempotencyKey: ' x')];
        yield 'name of the program' => ['metadata.order_id', static fn () => $pay(metadata: ['order_id' => [1]])];
        yield 'item' => ['destinations[0].phoneNumber', static fn () => $client->sendMoney->create(
            destinations: [new MobileWallet(phoneNumber: '1', amount: 1, description: 'x')],
            callbackUrl: $url,
        )];
        yield 'option' => ['connectTimeout', static fn () => new Client(clientId: 'app', clientSecret: 'canary', connectTimeout: -1.0)];
    }

    /** @dataProvider calls */
    public function testFieldIsTheArgument(string $field, callable $call): void
    {
        try {
            $call();
            self::fail('it is refused');
        } catch (KopoKopoException $error) {
            self::assertSame($field, $error->field, $error->getMessage());
            self::assertStringContainsString("{$field}: ", $error->getMessage());
        }
    }

    public function testOtherWordsOfADetailStay(): void
    {
        $detail = 'base_url: use base_url, not /base_url/x, K2_BASE_URL, order_id or xbase_url';
        $expected = 'baseUrl: use baseUrl, not /base_url/x, K2_BASE_URL, order_id or xbase_url';
        self::assertSame($expected, Names::detail($detail, 'base_url'));
        self::assertSame('not found', Names::detail('not found', null));
        self::assertSame("\xff callbackUrl", Names::detail("\xff callback_url", null));
        self::assertSame(['K2_CLIENT_ID', 'metadata.a_b.c_d'], [Names::path('K2_CLIENT_ID'), Names::path('metadata.a_b.c_d')]);
    }
}
