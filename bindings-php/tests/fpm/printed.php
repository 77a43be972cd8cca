<?php

$client = require __DIR__ . '/client.php';
echo 'printed before';
while (ob_get_level() > 0) {
    ob_end_flush();
}
flush();
(new KopoKopo\Webhook\Endpoint($client->webhooks, static fn () => file_put_contents(getenv('SHOP_FOLDER') . '/events', 'handled')))->run();
