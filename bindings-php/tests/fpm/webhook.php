<?php

$client = require __DIR__ . '/client.php';
$handle = require __DIR__ . '/handler.php';
(new KopoKopo\Webhook\Endpoint($client->webhooks, static function (KopoKopo\Event $event) use ($handle): void {
    echo 'printed by the handler';
    $handle($event);
}))->run();
