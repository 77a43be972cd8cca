<?php

declare(strict_types=1);

use KopoKopo\Exception\InProgressException;
use KopoKopo\Exception\InvalidRequestException;
use KopoKopo\Exception\KopoKopoException;
use KopoKopo\Exception\OutcomeUnknownException;

/** The payment method. The credentials are not its settings: they do not belong in a database that plugins can read. */
final class KopoKopoGateway extends WC_Payment_Gateway
{
    public function __construct()
    {
        $this->id = 'kopokopo';
        $this->has_fields = true;
        $this->method_title = 'M-PESA (Kopo Kopo)';
        $this->method_description = 'The credentials are the constants K2_CLIENT_ID, K2_CLIENT_SECRET and K2_API_KEY in wp-config.php.';
        $this->supports = ['products'];
        $this->form_fields = [
            'enabled' => ['title' => __('Enable', 'kopokopo'), 'type' => 'checkbox', 'default' => 'no'],
            'title' => ['title' => __('Title', 'kopokopo'), 'type' => 'text', 'default' => 'M-PESA'],
            'till_number' => ['title' => __('Till number', 'kopokopo'), 'type' => 'text', 'default' => ''],
        ];
        $this->init_settings();
        $this->title = $this->get_option('title');
        add_action('woocommerce_update_options_payment_gateways_kopokopo', [$this, 'process_admin_options']);
    }

    public function is_available()
    {
        return parent::is_available() && get_woocommerce_currency() === 'KES' && $this->get_option('till_number') !== '';
    }

    public function payment_fields()
    {
        echo '<p><label for="kopokopo-phone">', esc_html__('M-PESA phone number', 'kopokopo'), '</label> ',
            '<input type="tel" id="kopokopo-phone" name="kopokopo_phone" autocomplete="tel" required></p>';
    }

    public function process_payment($order_id)
    {
        $order = wc_get_order($order_id);
        // WooCommerce has verified the nonce of the checkout.
        $phoneNumber = sanitize_text_field(wp_unslash($_POST['kopokopo_phone'] ?? '')) ?: $order->get_billing_phone();
        try {
            KopoKopoPayments::ask($order->get_id(), $phoneNumber);
        } catch (OutcomeUnknownException | InProgressException $error) {
            // The customer may see the prompt: wait for the result, and do not ask again.
            KopoKopoPayments::log($error);
        } catch (InvalidRequestException $error) {
            return $this->refuse($order, match ($error->field) {
                'phoneNumber' => __('The phone number is not a Kenyan number.', 'kopokopo'),
                // An earlier attempt with another phone number had no effect.
                'idempotencyKey' => __('You were not charged: try again.', 'kopokopo'),
                default => $error->detail,
            });
        } catch (KopoKopoException $error) {
            KopoKopoPayments::log($error);

            return $this->refuse($order, __('M-PESA is not available now. You were not charged: try again.', 'kopokopo'));
        }

        return ['result' => 'success', 'redirect' => $this->get_return_url($order)];
    }

    /** @return array{result: string, redirect?: string} */
    private function refuse(WC_Order $order, string $text): array
    {
        if (!KopoKopoPayments::release($order->get_id())) {
            // The customer was asked before, perhaps with another phone number: the first prompt counts.
            return ['result' => 'success', 'redirect' => $this->get_return_url($order)];
        }
        wc_add_notice($text, 'error');

        return ['result' => 'failure'];
    }
}
