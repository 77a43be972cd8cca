<?php

/**
 * Plugin Name: Kopo Kopo for WooCommerce (example)
 * Description: Lets customers pay with M-PESA through Kopo Kopo.
 * Version: 0.1.0
 * Requires at least: 6.1
 * Requires PHP: 8.2
 * Requires Plugins: woocommerce
 * License: MIT OR Apache-2.0
 */

declare(strict_types=1);

use KopoKopo\Event;
use KopoKopo\EventPayload\IncomingPayment;
use KopoKopo\Webhook\Endpoint;

defined('ABSPATH') || exit;

require_once __DIR__ . '/payments.php';
if (is_file(__DIR__ . '/vendor/autoload.php')) {
    require_once __DIR__ . '/vendor/autoload.php';
}

add_action('before_woocommerce_init', static function (): void {
    // Orders are read and changed with WooCommerce's functions only, so it does not matter which tables they are in (HPOS).
    Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility('custom_order_tables', __FILE__, true);
});

add_action('plugins_loaded', static function (): void {
    if (class_exists('WC_Payment_Gateway')) {
        require_once __DIR__ . '/gateway.php';
        add_filter('woocommerce_payment_gateways', static fn (array $gateways) => [...$gateways, KopoKopoGateway::class]);
    }
});

add_action('rest_api_init', static function (): void {
    register_rest_route('kopokopo/v1', '/results', [
        'methods' => 'POST',
        // The signature is the permission.
        'permission_callback' => '__return_true',
        'callback' => static function (): void {
            (new Endpoint(
                KopoKopoPayments::client()->webhooks,
                static fn (Event $event) => $event->payload instanceof IncomingPayment
                    ? KopoKopoPayments::settle($event->payload->incomingPayment) : null,
                journal: KopoKopoPayments::client()->journal,
            ))->run();
            exit;
        },
    ]);
    register_rest_route('kopokopo/v1', '/orders/(?P<id>\d+)', [
        'methods' => 'GET',
        // The key of the order is the permission: the customer may have no account.
        'permission_callback' => static function (WP_REST_Request $request): bool {
            $order = wc_get_order((int) $request['id']);

            return $order && is_string($request['key']) && hash_equals($order->get_order_key(), $request['key']);
        },
        'callback' => static fn (WP_REST_Request $request) => ['state' => KopoKopoPayments::state(wc_get_order((int) $request['id']))],
    ]);
});

// The waiting page: it is loaded again when the payment has succeeded or failed.
add_action('woocommerce_thankyou_kopokopo', static function (int $id): void {
    $order = wc_get_order($id);
    if (KopoKopoPayments::state($order) !== 'waiting') {
        return;
    }
    $url = add_query_arg('key', $order->get_order_key(), rest_url("kopokopo/v1/orders/{$id}"));
    echo '<p id="kopokopo-waiting">', esc_html__('Enter your M-PESA PIN on your phone. This page shows the result.', 'kopokopo'), '</p>';
    printf('<script>(function poll() { setTimeout(function () { fetch(%s).then(function (r) { return r.json(); }).then(
        function (order) { order.state === "waiting" ? poll() : location.reload(); }, poll); }, 3000); })();</script>', wp_json_encode($url, JSON_HEX_TAG));
});

// Results that were not delivered, and creates whose outcome is unknown.
add_action('kopokopo_reconcile', [KopoKopoPayments::class, 'reconcile']);
add_action('init', static function (): void {
    wp_next_scheduled('kopokopo_reconcile') || wp_schedule_event(time() + 600, 'hourly', 'kopokopo_reconcile');
});
register_deactivation_hook(__FILE__, static fn () => wp_clear_scheduled_hook('kopokopo_reconcile'));
