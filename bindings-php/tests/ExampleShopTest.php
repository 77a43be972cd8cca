<?php

// The example shop takes a payment on the sandbox, with PHP-FPM and nginx.

declare(strict_types=1);

use K2Test\Support\Folder;
use K2Test\Support\Fpm;
use K2Test\Support\Http;
use K2Test\Support\Sandbox;
use K2Test\Support\Wait;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';

final class ExampleShopTest extends TestCase
{
    private const CREATE = 'incoming_payments.create';

    private Fpm $fpm;

    protected function setUp(): void
    {
        Sandbox::shared()->reset();
        $pool = ['env[SHOP_DATABASE] = ' . Folder::make() . '/shop.db', 'env[SHOP_AUTOLOAD] = ' . __DIR__ . '/Support/load.php'];
        $this->fpm = new Fpm(Sandbox::shared(), __DIR__ . '/../examples/shop', Fpm::extension(), $pool, 6);
    }

    protected function tearDown(): void
    {
        $this->fpm->close();
    }

    private function order(int $id): array
    {
        return \json_decode($this->fpm->request("/orders/{$id}")->body, true, 8, \JSON_THROW_ON_ERROR);
    }

    private function create(): int
    {
        $response = $this->fpm->request('/orders', 'POST', '{"total": "100.00"}');
        self::assertSame(201, $response->status, $response->body . $this->fpm->log());

        return \json_decode($response->body)->id;
    }

    private function pay(int $id, string $phoneNumber = '254700000001'): Http
    {
        return $this->fpm->request("/orders/{$id}/pay", 'POST', "{\"phoneNumber\": \"{$phoneNumber}\"}");
    }

    public function testCustomerPaysOnce(): void
    {
        $id = $this->create();
        $sockets = [];
        for ($number = 0; $number < 4; ++$number) {
            $sockets[] = $this->fpm->begin("/orders/{$id}/pay", 'POST', '{"phoneNumber": "254700000001"}');
        }
        foreach ($sockets as $response) {
            // 409: it was paid before this click.
            self::assertMatchesRegularExpression('/ (202|409) /', (string) \strtok($response(), "\n"), $this->fpm->log());
        }
        Wait::until('the order is not paid: ' . $this->fpm->log(), fn () => $this->order($id)['status'] === 'paid');
        // The same result again.
        $delivered = static fn () => \array_values(\array_filter(
            Sandbox::shared()->control('GET', 'deliveries'),
            static fn (array $delivery) => $delivery['delivered'],
        ));
        [$delivery] = Wait::until('the result is not delivered', $delivered);
        Sandbox::shared()->control('POST', "deliveries/{$delivery['id']}/resend");
        Wait::until('the result is not delivered again', static fn () => \array_sum(\array_map(
            static fn (array $delivery) => \count($delivery['attempts']),
            $delivered(),
        )) > 1);
        self::assertSame(1, $this->order($id)['payments'], $this->fpm->log());
        self::assertCount(1, Sandbox::shared()->requests(self::CREATE));
    }

    public function testCustomerWhoCancelsCanTryAgain(): void
    {
        $id = $this->create();
        self::assertSame(202, $this->pay($id, '254700000002')->status);
        Wait::until('the order has not failed', fn () => $this->order($id)['status'] === 'failed');
        self::assertSame(0, $this->order($id)['payments']);
        // The next attempt is another payment.
        self::assertSame(202, $this->pay($id)->status);
        Wait::until('the order is not paid: ' . $this->fpm->log(), fn () => $this->order($id)['status'] === 'paid');
        self::assertCount(2, Sandbox::shared()->requests(self::CREATE));
        self::assertSame(409, $this->pay($id)->status);
        self::assertCount(2, Sandbox::shared()->requests(self::CREATE));
    }

    public function testRequestThatTheServerRefusesCanBeSentAgainWithAnotherPhone(): void
    {
        $id = $this->create();
        Sandbox::shared()->fault(['operation' => self::CREATE, 'kind' => 'status', 'status' => 400]);
        self::assertSame(422, $this->pay($id, '254700000004')->status, $this->fpm->log());
        self::assertSame('new', $this->order($id)['status']);
        self::assertSame(202, $this->pay($id)->status);
        Wait::until('the order is not paid: ' . $this->fpm->log(), fn () => $this->order($id)['status'] === 'paid');
    }

    public function testOtherPhoneWhileTheFirstIsAskedSendsNothing(): void
    {
        $id = $this->create();
        Sandbox::shared()->fault(['kind' => 'callback_never', 'operation' => 'incoming_payment']);
        self::assertSame(202, $this->pay($id)->status);
        self::assertSame(409, $this->pay($id, '254700000002')->status);
        self::assertSame(422, $this->pay($id, '1')->status);
        // The wrong number did not begin another attempt: the first prompt is still open.
        self::assertSame(409, $this->pay($id, '254700000002')->status);
        self::assertCount(1, Sandbox::shared()->requests(self::CREATE));
    }

    private function deliver(string $payload): void
    {
        $signature = \KopoKopo\signWebhook(Sandbox::shared()->credentials()['api_key'], $payload);
        $response = $this->fpm->request('/k2/results', 'POST', $payload, ['X-KopoKopo-Signature' => $signature]);
        self::assertSame(200, $response->status, $response->body . $this->fpm->log());
    }

    /** @return iterable<string, array{bool}> */
    public static function orders(): iterable
    {
        yield 'the webhook first' => [true];
        yield 'the result first' => [false];
    }

    /** @dataProvider orders */
    public function testResultPaysWhateverArrivesFirst(bool $isWebhookFirst): void
    {
        $id = $this->create();
        $read = static fn (string $name) => (string) \file_get_contents(__DIR__ . "/../../tests/vectors/payloads/{$name}.json");
        // Two events of one payment.
        $webhook = \str_replace('OJM6Q1W84K', 'OJJ1MPU40Z', $read('webhook-buygoods_transaction_received'));
        $result = \str_replace('"customer_id": "123456789"', "\"order_id\": \"{$id}\"", $read('result-incoming-payment-success'));
        foreach ($isWebhookFirst ? [$webhook, $result, $webhook, $result] : [$result, $webhook, $result] as $payload) {
            $this->deliver($payload);
        }
        self::assertSame(['paid', 1], [$this->order($id)['status'], $this->order($id)['payments']]);
    }

    public function testUnknownOrderAndWrongTotalAreNamed(): void
    {
        self::assertSame(404, $this->fpm->request('/orders/99')->status);
        self::assertSame(404, $this->pay(99)->status);
        foreach (['0', '0.00', '-1', '1e3', '', 'x', '1.005', 100, true, null] as $total) {
            $response = $this->fpm->request('/orders', 'POST', (string) \json_encode(['total' => $total]));
            self::assertSame([422, 'total'], [$response->status, \json_decode($response->body)->field], \json_encode($total));
        }
        $id = $this->create();
        foreach (['{}', '{"phoneNumber": 7}', '{"phoneNumber": ["254700000001"]}'] as $body) {
            self::assertSame(422, $this->fpm->request("/orders/{$id}/pay", 'POST', $body)->status, $body);
        }
        self::assertSame([], Sandbox::shared()->requests(self::CREATE));
    }

    public function testWrongPhoneNumberIsNamed(): void
    {
        $id = $this->create();
        $response = $this->pay($id, '1');
        self::assertSame([422, 'phoneNumber'], [$response->status, \json_decode($response->body)->field]);
        self::assertSame([], Sandbox::shared()->requests(self::CREATE));
    }

    public function testForgedResultPaysNothing(): void
    {
        $id = $this->create();
        self::assertSame(401, $this->fpm->request('/k2/results', 'POST', "{\"order_id\": \"{$id}\"}")->status);
        self::assertSame('new', $this->order($id)['status']);
    }
}
