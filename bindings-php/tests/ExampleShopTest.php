<?php

// The example shop takes a payment on the sandbox, with PHP-FPM and nginx.

declare(strict_types=1);

use K2Test\Support\Folder;
use K2Test\Support\Fpm;
use K2Test\Support\Sandbox;
use K2Test\Support\Wait;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';

final class ExampleShopTest extends TestCase
{
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

    public function testCustomerPaysOnce(): void
    {
        $id = $this->create();
        $sockets = [];
        for ($number = 0; $number < 4; ++$number) {
            $sockets[] = $this->fpm->begin("/orders/{$id}/pay", 'POST', '{"phone_number": "254700000001"}');
        }
        foreach ($sockets as $response) {
            self::assertStringContainsString(' 202 ', \strtok($response(), "\n"), $this->fpm->log());
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
        self::assertCount(1, Sandbox::shared()->requests('incoming_payments.create'));
    }

    public function testCustomerWhoCancelsDoesNotPay(): void
    {
        $id = $this->create();
        self::assertSame(202, $this->fpm->request("/orders/{$id}/pay", 'POST', '{"phone_number": "254700000002"}')->status);
        Wait::until('the result is not delivered', static fn () => \array_filter(
            Sandbox::shared()->control('GET', 'deliveries'),
            static fn (array $delivery) => $delivery['delivered'],
        ));
        self::assertSame('asked', $this->order($id)['status']);
    }

    public function testWrongPhoneNumberIsNamed(): void
    {
        $id = $this->create();
        $response = $this->fpm->request("/orders/{$id}/pay", 'POST', '{"phone_number": "1"}');
        self::assertSame([422, 'phone_number'], [$response->status, \json_decode($response->body)->field]);
        self::assertSame([], Sandbox::shared()->requests('incoming_payments.create'));
    }

    public function testForgedResultPaysNothing(): void
    {
        $id = $this->create();
        self::assertSame(401, $this->fpm->request('/k2/results', 'POST', "{\"order_id\": \"{$id}\"}")->status);
        self::assertSame('new', $this->order($id)['status']);
    }
}
