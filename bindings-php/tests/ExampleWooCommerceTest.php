<?php

// The plugin for WooCommerce in a real WordPress with MariaDB, PHP-FPM and nginx. WooCommerce's classes are doubles.

declare(strict_types=1);

use K2Test\Support\Folder;
use K2Test\Support\Fpm;
use K2Test\Support\Http;
use K2Test\Support\Sandbox;
use K2Test\Support\Wait;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';

final class ExampleWooCommerceTest extends TestCase
{
    private const CREATE = 'incoming_payments.create';

    private static Sandbox $sandbox;

    private static Fpm $fpm;

    private static PDO $database;

    public static function setUpBeforeClass(): void
    {
        $url = \parse_url(\getenv('K2_TEST_MARIADB') ?: throw new RuntimeException('run this with tests/with-mariadb.sh'));
        self::$database = new PDO("mysql:host={$url['host']};port={$url['port']}", $url['user'], '');
        self::$database->exec('DROP DATABASE IF EXISTS wordpress; CREATE DATABASE wordpress');
        self::$sandbox = new Sandbox();
        $site = Folder::make();
        // Copied, because WordPress finds its files next to each other.
        \is_dir('/usr/share/wordpress') || throw new RuntimeException('WordPress is missing: apt-get install wordpress');
        \shell_exec("cp -rL /usr/share/wordpress/. {$site} 2>&1 && mkdir -p {$site}/wp-content/mu-plugins && rm {$site}/wp-config.php");
        \symlink(\realpath(__DIR__ . '/../examples/woocommerce'), "{$site}/wp-content/plugins/kopokopo");
        \copy(__DIR__ . '/woocommerce/doubles.php', "{$site}/wp-content/mu-plugins/doubles.php");
        self::$fpm = new Fpm(self::$sandbox, $site, [...Fpm::extension(), '-d', 'auto_prepend_file=' . __DIR__ . '/../php/autoload.php'], [], 6);
        $home = self::$fpm->url;
        \file_put_contents("{$site}/wp-config.php", <<<PHP
            <?php
            define('DB_NAME', 'wordpress');
            define('DB_USER', '{$url['user']}');
            define('DB_PASSWORD', '');
            define('DB_HOST', '{$url['host']}:{$url['port']}');
            define('DB_CHARSET', 'utf8mb4');
            define('WP_HOME', '{$home}');
            define('WP_SITEURL', '{$home}');
            define('DISABLE_WP_CRON', true);
            define('WP_HTTP_BLOCK_EXTERNAL', true);
            \$table_prefix = 'wp_';
            defined('ABSPATH') || define('ABSPATH', __DIR__ . '/');
            require_once ABSPATH . 'wp-settings.php';
            PHP);
        \file_put_contents("{$site}/install.php", <<<'PHP'
            <?php
            define('WP_INSTALLING', true);
            require __DIR__ . '/wp-load.php';
            require ABSPATH . 'wp-admin/includes/upgrade.php';
            wp_install('Shop', 'admin', 'admin@shop.example', true, '', 'password');
            update_option('permalink_structure', '/%postname%/');
            update_option('active_plugins', ['kopokopo/kopokopo-woocommerce.php']);
            update_option('woocommerce_kopokopo_settings', ['enabled' => 'yes', 'till_number' => 'K000000']);
            echo 'installed';
            PHP);
        $response = self::$fpm->request('/install.php', timeout: 120);
        self::assertStringEndsWith('installed', $response->body, self::$fpm->log());
    }

    public static function tearDownAfterClass(): void
    {
        self::$fpm->close();
        self::$sandbox->close();
    }

    protected function setUp(): void
    {
        // Without a reset: the sandbox would not know the workers' tokens any more.
        self::$sandbox->control('DELETE', 'faults');
        self::double('/options', ['name' => 'double_fails', 'value' => '']);
    }

    private static function double(string $path, ?array $body = null): array
    {
        $response = self::$fpm->request("/wp-json/double/v1{$path}", $body === null ? 'GET' : 'POST', $body === null ? '' : \json_encode($body));
        self::assertSame(200, $response->status, "{$response->body}\n" . self::$fpm->log());

        return \json_decode($response->body, true, 16, \JSON_THROW_ON_ERROR);
    }

    private static function order(string $total = '100.00'): int
    {
        return self::double('/orders', ['total' => $total])['id'];
    }

    private static function pay(int $id, string $phone = '254700000001'): array
    {
        return self::double("/orders/{$id}/pay", ['phone' => $phone]);
    }

    private static function await(int $id, string $status): array
    {
        return Wait::until("the order is not {$status}: " . self::$fpm->log(), static function () use ($id, $status): array|false {
            $order = self::double("/orders/{$id}");

            return $order['status'] === $status ? $order : false;
        });
    }

    private static function deliver(string $body): Http
    {
        $signature = \KopoKopo\signWebhook(self::$sandbox->credentials()['api_key'], $body);

        return self::$fpm->request('/wp-json/kopokopo/v1/results', 'POST', $body, ['X-KopoKopo-Signature' => $signature]);
    }

    /** The number of requests that were sent for an order. */
    private static function sent(int $id): int
    {
        $requests = self::$sandbox->requests(self::CREATE);

        return \count(\array_filter($requests, static fn (array $request) => $request['body']['metadata']['order_id'] === (string) $id));
    }

    /** The result that the sandbox delivered for an order. */
    private static function delivered(int $id): string
    {
        $deliveries = self::$sandbox->control('GET', 'deliveries');
        $own = \array_filter($deliveries, static fn (array $delivery) => \str_contains($delivery['body'], "\"{$id}\""));

        return \end($own)['body'];
    }

    public function testGatewayIsAvailableInShillingsAndSupportsHpos(): void
    {
        self::assertSame(['is_available' => true, 'declared' => ['custom_order_tables' => true], 'is_scheduled' => true], self::double('/gateway'));
        self::double('/options', ['name' => 'double_currency', 'value' => 'USD']);
        self::assertFalse(self::double('/gateway')['is_available']);
        self::double('/options', ['name' => 'double_currency', 'value' => 'KES']);
    }

    public function testCustomerPaysOnceHoweverOftenTheyClick(): void
    {
        $id = self::order();
        $clicks = [];
        for ($click = 0; $click < 4; ++$click) {
            $clicks[] = self::$fpm->begin("/wp-json/double/v1/orders/{$id}/pay", 'POST', '{"phone": "254700000001"}');
        }
        foreach ($clicks as $response) {
            self::assertStringContainsString('"result":"success"', $response(), self::$fpm->log());
        }
        $order = self::await($id, 'processing');
        self::assertSame(1, $order['completed']);
        self::assertNotSame('', $order['transaction']);
        self::assertSame(1, self::sent($id));
        // The same result again, and again at the same time.
        self::assertSame(200, self::deliver(self::delivered($id))->status);
        self::assertSame($order, self::double("/orders/{$id}"), 'nothing changed, and there is no note about a second payment');
        self::assertSame('', self::double("/orders/{$id}/page")['page']);
        // A click on a page that was open before the payment.
        self::assertSame('success', self::pay($id)['result']);
        self::assertSame($order, self::double("/orders/{$id}"));
        self::assertSame(1, self::sent($id));
    }

    public function testSameResultTwiceAtTheSameTimeCompletesOnce(): void
    {
        $id = self::order();
        self::pay($id);
        $order = self::await($id, 'processing');
        $other = self::order();
        $body = \str_replace(["\"{$id}\"", $order['transaction']], ["\"{$other}\"", 'QAB1CD2EF5'], self::delivered($id));
        $headers = 'X-KopoKopo-Signature: ' . \KopoKopo\signWebhook(self::$sandbox->credentials()['api_key'], $body) . "\r\n";
        $deliveries = [];
        for ($number = 0; $number < 4; ++$number) {
            $deliveries[] = self::$fpm->begin('/wp-json/kopokopo/v1/results', 'POST', $body, $headers);
        }
        foreach ($deliveries as $response) {
            self::assertStringContainsString(' 200 ', \strtok($response(), "\n"), self::$fpm->log());
        }
        $found = self::double("/orders/{$other}");
        self::assertSame(['processing', 1, 'QAB1CD2EF5', []], [$found['status'], $found['completed'], $found['transaction'], $found['notes']]);
    }

    public function testCustomerWhoCancelsCanTryAgain(): void
    {
        $id = self::order();
        self::pay($id, '254700000002');
        self::await($id, 'failed');
        self::assertSame('success', self::pay($id)['result']);
        self::await($id, 'processing');
        self::assertSame(2, self::sent($id));
    }

    public function testWrongPhoneNumberIsShownAndCanBeCorrected(): void
    {
        $id = self::order();
        $refused = self::pay($id, '1');
        self::assertSame(['failure', ['The phone number is not a Kenyan number.']], [$refused['result'], $refused['notices']]);
        self::assertSame('pending', self::double("/orders/{$id}")['status']);
        self::assertSame(0, self::sent($id));
        self::pay($id);
        self::await($id, 'processing');
    }

    public function testRefusedRequestCanBeSentAgainWithAnotherPhoneNumber(): void
    {
        $id = self::order();
        self::$sandbox->fault(['kind' => 'status', 'operation' => self::CREATE, 'status' => 400]);
        self::assertSame('failure', self::pay($id, '254700000004')['result']);
        self::assertSame('pending', self::double("/orders/{$id}")['status']);
        self::assertSame('success', self::pay($id)['result']);
        self::await($id, 'processing');
    }

    public function testSecondClickWithAnotherPhoneNumberWaitsForTheFirstPrompt(): void
    {
        $id = self::order();
        self::$sandbox->fault(['kind' => 'callback_late', 'operation' => 'incoming_payment', 'delay_ms' => 2000]);
        self::pay($id);
        self::assertSame(['success', []], [($second = self::pay($id, '254700000002'))['result'], $second['notices']]);
        self::assertSame('on-hold', self::double("/orders/{$id}")['status']);
        self::assertSame(1, self::await($id, 'processing')['completed']);
        self::assertSame(1, self::sent($id));
    }

    public function testWaitingPageNeedsTheKeyOfTheOrder(): void
    {
        $id = self::order();
        self::$sandbox->fault(['kind' => 'callback_late', 'operation' => 'incoming_payment', 'delay_ms' => 3000]);
        self::pay($id);
        self::assertStringContainsString('M-PESA PIN', self::double("/orders/{$id}/page")['page']);
        self::assertSame('{"state":"waiting"}', self::$fpm->request("/wp-json/kopokopo/v1/orders/{$id}?key=wc_order_{$id}")->body);
        foreach (['', '?key=', '?key=wrong', '?key[]=x'] as $query) {
            self::assertContains(self::$fpm->request("/wp-json/kopokopo/v1/orders/{$id}{$query}")->status, [401, 403]);
        }
        self::await($id, 'processing');
        self::assertSame('{"state":"paid"}', self::$fpm->request("/wp-json/kopokopo/v1/orders/{$id}?key=wc_order_{$id}")->body);
    }

    public function testForgedResultIsRefused(): void
    {
        $id = self::order();
        self::pay($id, '254700000002');
        self::await($id, 'failed');
        $body = \str_replace('Failed', 'Success', self::delivered($id));
        $response = self::$fpm->request('/wp-json/kopokopo/v1/results', 'POST', $body, ['X-KopoKopo-Signature' => \str_repeat('0', 64)]);
        self::assertSame([401, 'invalid signature'], [$response->status, $response->body]);
        self::assertSame('failed', self::double("/orders/{$id}")['status']);
    }

    public function testOtherAmountDoesNotCompleteTheOrder(): void
    {
        $id = self::order();
        self::pay($id);
        $order = self::await($id, 'processing');
        $dear = self::order('100000.00');
        $body = \str_replace(["\"{$id}\"", $order['transaction']], ["\"{$dear}\"", 'QAB1CD2EF3'], self::delivered($id));
        self::assertSame(200, self::deliver($body)->status);
        $found = self::double("/orders/{$dear}");
        self::assertSame(['on-hold', 'M-PESA QAB1CD2EF3 does not have the amount of the order.'], [$found['status'], \end($found['notes'])]);
        // Another payment of a paid order.
        self::assertSame(200, self::deliver(\str_replace($order['transaction'], 'QAB1CD2EF4', self::delivered($id)))->status);
        self::assertStringContainsString('Paid again with M-PESA QAB1CD2EF4', \implode(self::double("/orders/{$id}")['notes']));
    }

    public function testResultThatCannotBeHandledIsDeliveredAgain(): void
    {
        $id = self::order();
        self::double('/options', ['name' => 'double_fails', 'value' => '1']);
        self::$sandbox->control('PUT', 'settings', ['callback_retries_ms' => [300, 300, 300, 300, 300, 300]]);
        self::pay($id);
        Wait::until('no delivery fails', static fn () => \str_contains(self::$fpm->log(), "order {$id} could not be completed"));
        self::assertSame('on-hold', self::double("/orders/{$id}")['status']);
        self::double('/options', ['name' => 'double_fails', 'value' => '']);
        self::await($id, 'processing');
    }

    public function testLostResultIsReadLater(): void
    {
        $id = self::order();
        self::$sandbox->fault(['kind' => 'callback_never', 'operation' => 'incoming_payment']);
        self::pay($id);
        $push = self::double("/orders/{$id}")['meta']['_kopokopo_push'];
        Wait::until('the order is not paid', static function () use ($id): bool {
            self::double('/reconcile', []);

            return self::double("/orders/{$id}")['status'] === 'processing';
        });
        self::assertNotSame('', $push);
    }

    public function testUnknownOutcomeWaitsAndIsNotSentAgain(): void
    {
        $id = self::order();
        self::$sandbox->fault(['kind' => 'reset_after_effect', 'operation' => self::CREATE]);
        self::assertSame('success', self::pay($id)['result']);
        self::assertSame('success', self::pay($id)['result']);
        self::await($id, 'processing');
        self::assertSame(1, self::sent($id));
        self::assertStringNotContainsString('254700000001', self::$fpm->log());
        self::assertMatchesRegularExpression('/"sentAt":"20[^"]+"/', self::$fpm->log(), 'times are text in the JSON of errors');
    }
}
