<?php

// Doubles of what the plugin uses of WooCommerce, with its names and signatures. Orders are options of WordPress, so that they
// outlive a request. Tests create and read orders at /wp-json/double/v1.

declare(strict_types=1);

namespace Automattic\WooCommerce\Utilities {
    final class FeaturesUtil
    {
        public static array $declared = [];

        public static function declare_compatibility(string $feature, string $plugin, bool $isCompatible = true): bool
        {
            self::$declared[$feature] = $isCompatible;

            return true;
        }
    }
}

namespace {
    abstract class WC_Payment_Gateway
    {
        public $id;

        public $title;

        public $has_fields = false;

        public $method_title;

        public $method_description;

        public $supports = ['products'];

        public $form_fields = [];

        public $settings = [];

        public function init_settings()
        {
            $this->settings = (array) get_option("woocommerce_{$this->id}_settings", []);
        }

        public function get_option($key, $empty = null)
        {
            return $this->settings[$key] ?? $this->form_fields[$key]['default'] ?? $empty;
        }

        public function is_available()
        {
            return $this->get_option('enabled') === 'yes';
        }

        public function process_admin_options()
        {
            return true;
        }

        public function get_return_url($order = null)
        {
            return home_url('/order-received/' . $order->get_id() . '?key=' . $order->get_order_key());
        }

        abstract public function process_payment($order_id);
    }

    class WC_Order
    {
        private array $data;

        private array $meta;

        public function __construct(private readonly int $id)
        {
            global $wpdb;
            // Past the cache of options, as another request may have changed it.
            $read = static fn (string $name) => unserialize($wpdb->get_var($wpdb->prepare("SELECT option_value FROM {$wpdb->options} WHERE option_name = %s", $name)) ?? 'a:0:{}');
            $this->data = $read("double_order_{$id}");
            $this->meta = $read("double_meta_{$id}");
        }

        public function get_id()
        {
            return $this->id;
        }

        public function get_total($context = 'view')
        {
            return $this->data['total'];
        }

        public function get_order_key($context = 'view')
        {
            return $this->data['key'];
        }

        public function get_status($context = 'view')
        {
            return $this->data['status'];
        }

        public function get_payment_method($context = 'view')
        {
            return 'kopokopo';
        }

        public function get_billing_phone($context = 'view')
        {
            return $this->data['phone'];
        }

        public function get_transaction_id($context = 'view')
        {
            return $this->data['transaction'];
        }

        public function get_meta($key = '', $single = true, $context = 'view')
        {
            return $this->meta[$key] ?? '';
        }

        public function update_meta_data($key, $value, $meta_id = 0)
        {
            $this->meta[$key] = $value;
        }

        public function add_order_note($note, $is_customer_note = 0, $added_by_user = false)
        {
            $this->data['notes'][] = $note;
            $this->save();
        }

        public function update_status($new_status, $note = '', $manual = false)
        {
            $this->data['status'] = $new_status;
            $note === '' ? $this->save() : $this->add_order_note($note);

            return true;
        }

        public function payment_complete($transaction_id = '')
        {
            if (get_option('double_fails') || !in_array($this->data['status'], ['on-hold', 'pending', 'failed', 'cancelled'], true)) {
                return false;
            }
            // Long enough for another delivery to come in between.
            usleep(200_000);
            $this->data['transaction'] = $transaction_id;
            // A row for each time, because another request may do the same.
            add_option("double_completed_{$this->id}_" . uniqid('', true), '1');

            return $this->update_status('processing');
        }

        public function save()
        {
            global $wpdb;
            $this->save_meta_data();
            $wpdb->replace($wpdb->options, ['option_name' => "double_order_{$this->id}", 'option_value' => serialize($this->data), 'autoload' => 'no']);

            return $this->id;
        }

        public function save_meta_data()
        {
            global $wpdb;
            $wpdb->replace($wpdb->options, ['option_name' => "double_meta_{$this->id}", 'option_value' => serialize($this->meta), 'autoload' => 'no']);
        }

        public function all(): array
        {
            global $wpdb;
            $completed = $wpdb->get_var("SELECT count(*) FROM {$wpdb->options} WHERE option_name LIKE 'double\\_completed\\_{$this->id}\\_%'");

            return $this->data + ['meta' => $this->meta, 'completed' => (int) $completed];
        }
    }

    function wc_get_order($order = false)
    {
        global $wpdb;
        $isKnown = $wpdb->get_var($wpdb->prepare("SELECT 1 FROM {$wpdb->options} WHERE option_name = %s", "double_order_{$order}"));

        return $isKnown ? new WC_Order((int) $order) : false;
    }

    function wc_get_orders($args)
    {
        global $wpdb;
        $names = $wpdb->get_col("SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE 'double\\_order\\_%'");
        $orders = array_map(static fn (string $name) => new WC_Order((int) substr($name, 13)), $names);

        return array_values(array_filter($orders, static fn (WC_Order $order) => in_array($order->get_status(), $args['status'], true)));
    }

    function wc_add_notice($message, $notice_type = 'success', $data = [])
    {
        $GLOBALS['double_notices'][] = $message;
    }

    function get_woocommerce_currency()
    {
        return get_option('double_currency', 'KES');
    }

    function wc_format_decimal($number, $dp = false, $trim_zeros = false)
    {
        return number_format((float) $number, $dp, '.', '');
    }

    function wc_get_logger()
    {
        return new class () {
            public function error($message, $context = [])
            {
                error_log("error {$message}");
            }

            public function warning($message, $context = [])
            {
                error_log("warning {$message}");
            }
        };
    }

    // WordPress sends e-mail when it is installed.
    function wp_mail()
    {
        return true;
    }

    add_action('init', static fn () => do_action('before_woocommerce_init'));
    add_action('rest_api_init', static function (): void {
        $gateway = static fn () => new (apply_filters('woocommerce_payment_gateways', [])[0]);
        $route = static fn (string $path, string $method, callable $callback) => register_rest_route('double/v1', $path, [
            'methods' => $method, 'permission_callback' => '__return_true', 'callback' => $callback,
        ]);
        $route('/orders', 'POST', static function (WP_REST_Request $request): array {
            $id = random_int(1, 1_000_000);
            $data = ['total' => $request['total'], 'key' => "wc_order_{$id}", 'status' => 'pending', 'phone' => '', 'transaction' => '', 'notes' => []];
            add_option("double_order_{$id}", $data);

            return ['id' => $id];
        });
        $route('/orders/(?P<id>\d+)', 'GET', static fn (WP_REST_Request $request) => wc_get_order((int) $request['id'])->all());
        $route('/orders/(?P<id>\d+)/pay', 'POST', static function (WP_REST_Request $request) use ($gateway): array {
            $_POST['kopokopo_phone'] = wp_slash($request['phone']);

            return $gateway()->process_payment((int) $request['id']) + ['notices' => $GLOBALS['double_notices'] ?? []];
        });
        $route('/orders/(?P<id>\d+)/page', 'GET', static function (WP_REST_Request $request): array {
            ob_start();
            do_action('woocommerce_thankyou_kopokopo', (int) $request['id']);

            return ['page' => ob_get_clean()];
        });
        $route('/options', 'POST', static fn (WP_REST_Request $request) => ['set' => update_option($request['name'], $request['value'])]);
        $route('/gateway', 'GET', static fn () => [
            'is_available' => $gateway()->is_available(), 'declared' => Automattic\WooCommerce\Utilities\FeaturesUtil::$declared,
            'is_scheduled' => (bool) wp_next_scheduled('kopokopo_reconcile'),
        ]);
        $route('/reconcile', 'POST', static function (): array {
            do_action('kopokopo_reconcile');

            return [];
        });
    });
}
