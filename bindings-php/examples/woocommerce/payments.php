<?php

declare(strict_types=1);

use KopoKopo\Client;
use KopoKopo\Exception\KopoKopoException;
use KopoKopo\IncomingPayment;
use KopoKopo\Journal\PdoJournal;

/** What happens to orders. It uses WooCommerce's functions for orders only, and never posts and their meta data. */
final class KopoKopoPayments
{
    /** The states of an order that can still be paid. */
    private const OPEN = ['pending', 'on-hold', 'failed', 'cancelled'];

    /** The client of this request, with a journal in WordPress' database. */
    public static function client(): Client
    {
        $option = static fn (string $name) => defined($name) ? constant($name) : (getenv($name) ?: null);
        $client = new Client(
            clientId: (string) $option('K2_CLIENT_ID'),
            clientSecret: (string) $option('K2_CLIENT_SECRET'),
            apiKey: $option('K2_API_KEY'),
            environment: $option('K2_ENVIRONMENT') ?? 'sandbox',
            baseUrl: $option('K2_BASE_URL'),
            timeout: 25,
        );

        return $client->withJournal(new PdoJournal(self::connect(...)));
    }

    /** Asks the customer to pay. Two clicks, or a click after a lost response, send one request: the journal sees to it. */
    public static function ask(int $id, string $phoneNumber): void
    {
        // Committed before the request, because the result can arrive before it returns. Under the lock, because the result of
        // an earlier click can arrive now.
        $attempt = self::locked($id, static function () use ($id): int {
            $order = wc_get_order($id);
            if (!in_array($order->get_status(), self::OPEN, true)) {
                return 0;
            }
            $attempt = max(1, (int) $order->get_meta('_kopokopo_attempt'));
            $order->update_meta_data('_kopokopo_attempt', (string) $attempt);
            $order->update_status('on-hold', __('The customer was asked to pay with M-PESA.', 'kopokopo'));
            $order->save();

            return $attempt;
        });
        if ($attempt === 0) {
            return;
        }
        $order = wc_get_order($id);
        $push = self::client()->incomingPayments->create(
            idempotencyKey: self::key($id, $attempt),
            tillNumber: self::till(),
            phoneNumber: $phoneNumber,
            amount: self::total($order),
            callbackUrl: rest_url('kopokopo/v1/results'),
            metadata: ['order_id' => (string) $id, 'attempt' => (string) $attempt],
        );
        $order->update_meta_data('_kopokopo_push', $push->id());
        // Not the status, which the result may have changed.
        $order->save_meta_data();
    }

    /**
     * Makes an order payable again after a call that had no effect. Returns false if an earlier click had one: then the
     * customer has a prompt.
     */
    public static function release(int $id): bool
    {
        $journal = self::client()->journal;

        return self::locked($id, static function () use ($id, $journal): bool {
            $order = wc_get_order($id);
            $attempt = (int) $order->get_meta('_kopokopo_attempt');
            $state = $journal->get(self::key($id, $attempt))?->state;
            if (!in_array($state, [null, 'refused', 'not_sent'], true)) {
                return false;
            }
            if ($state !== null) {
                // A corrected request is another request, so it needs another key.
                $order->update_meta_data('_kopokopo_attempt', (string) ($attempt + 1));
                $order->save_meta_data();
            }
            $order->get_status() === 'on-hold' && $order->update_status('pending');

            return true;
        });
    }

    /** Changes the order of a result. It can be called more than once, and at the same time, with the same result. */
    public static function settle(IncomingPayment $payment): void
    {
        $id = (int) ($payment->metadata['order_id'] ?? 0);
        if ($id === 0) {
            return;
        }
        self::locked($id, static function () use ($id, $payment): void {
            $order = wc_get_order($id);
            if (!$order || $order->get_payment_method() !== 'kopokopo' || !in_array($payment->status->value, ['Success', 'Failed'], true)) {
                return;
            }
            $reference = $payment->transaction?->reference ?? $payment->id;
            if ($payment->isPaid && $order->get_transaction_id() === $reference) {
                return;
            }
            if (!$payment->isPaid) {
                self::fail($order, $payment);
            } elseif (!in_array($order->get_status(), self::OPEN, true)) {
                $order->add_order_note(sprintf(__('Paid again with M-PESA %s: pay it back.', 'kopokopo'), $reference));
            } elseif (!$payment->isPaidAtLeast(self::total($order), tillNumber: self::till())) {
                $order->update_status('on-hold', sprintf(__('M-PESA %s does not have the amount of the order.', 'kopokopo'), $reference));
            } elseif (!$order->payment_complete($reference)) {
                // The result is delivered again.
                throw new RuntimeException("order {$id} could not be completed");
            }
        });
    }

    /** What the customer sees: `waiting`, `paid` or `failed`. */
    public static function state(WC_Order $order): string
    {
        return match ($order->get_status()) {
            'pending', 'on-hold' => 'waiting',
            'failed', 'cancelled' => 'failed',
            default => 'paid',
        };
    }

    /** Reads results that were not delivered. */
    public static function reconcile(): void
    {
        $client = self::client();
        $orders = wc_get_orders(['status' => ['on-hold'], 'payment_method' => 'kopokopo', 'limit' => 50, 'date_modified' => '<' . (time() - 300)]);
        foreach ($orders as $order) {
            $push = (string) $order->get_meta('_kopokopo_push');
            try {
                $push === '' || self::settle($client->incomingPayments->get($push));
            } catch (KopoKopoException $error) {
                self::log($error);
            }
        }
        foreach ($client->journal->reconcileAll(olderThan: 900) as $record) {
            wc_get_logger()->warning("find it on the dashboard of Kopo Kopo: {$record->key}", ['source' => 'kopokopo']);
        }
    }

    /** JSON of an error has no secret and no phone number. */
    public static function log(KopoKopoException $error): void
    {
        wc_get_logger()->error((string) wp_json_encode($error), ['source' => 'kopokopo']);
    }

    private static function fail(WC_Order $order, IncomingPayment $payment): void
    {
        // Only the current attempt: the result of an earlier one can be late. A paid order stays paid.
        if ($order->get_meta('_kopokopo_attempt') !== ($payment->metadata['attempt'] ?? null) || !in_array($order->get_status(), ['pending', 'on-hold'], true)) {
            return;
        }
        // The next click asks again.
        $order->update_meta_data('_kopokopo_attempt', (string) ((int) $payment->metadata['attempt'] + 1));
        $order->update_status('failed', sprintf(__('M-PESA: %s', 'kopokopo'), implode(', ', $payment->errors)));
        $order->save();
    }

    /** Runs one change of an order at a time, on all servers. */
    private static function locked(int $id, callable $work): mixed
    {
        global $wpdb;
        $name = substr("kopokopo-{$wpdb->prefix}{$id}", 0, 64);
        if ($wpdb->get_var($wpdb->prepare('SELECT GET_LOCK(%s, 20)', $name)) !== '1') {
            throw new RuntimeException("order {$id} is locked");
        }
        try {
            return $work();
        } finally {
            $wpdb->query($wpdb->prepare('DO RELEASE_LOCK(%s)', $name));
        }
    }

    private static function key(int $id, int $attempt): string
    {
        return sprintf('%s/order-%d/%d', wp_parse_url(home_url(), PHP_URL_HOST), $id, $attempt);
    }

    private static function total(WC_Order $order): string
    {
        // A string, because a float is not exact.
        return (string) wc_format_decimal($order->get_total('edit'), 2);
    }

    private static function till(): string
    {
        return (string) ((array) get_option('woocommerce_kopokopo_settings'))['till_number'];
    }

    /** A connection for the journal alone. DB_HOST can have a port or a socket. */
    private static function connect(): PDO
    {
        global $wpdb;
        [$host, $port, $socket] = $wpdb->parse_db_host(DB_HOST) ?: [DB_HOST, null, null];
        $place = $socket ? "unix_socket={$socket}" : "host={$host}" . ($port ? ";port={$port}" : '');

        return new PDO("mysql:{$place};dbname=" . DB_NAME . ';charset=utf8mb4', DB_USER, DB_PASSWORD);
    }
}
