<?php

$client = require __DIR__ . '/client.php';
(new KopoKopo\Webhook\Endpoint($client->webhooks, static function (KopoKopo\Event $event): void {
    echo 'printed by the handler';
    match ($_GET['do'] ?? '') {
        'throw' => throw new RuntimeException('the database is away'),
        'exit' => exit,
        'fatal' => str_repeat('a', PHP_INT_MAX >> 1),
        default => file_put_contents(getenv('SHOP_FOLDER') . '/events', "{$event->topic}\n", FILE_APPEND),
    };
}))->run();
