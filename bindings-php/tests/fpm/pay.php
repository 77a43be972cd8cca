<?php

$client = require __DIR__ . '/client.php';
try {
    $push = $client->incomingPayments->create(
        tillNumber: 'K000000',
        phoneNumber: '254700000001',
        amount: '100',
        callbackUrl: 'https://shop.example/k2/results',
    );
    echo isset($_GET['wait']) ? $push->wait(timeout: 30, interval: 0.1)->status : $push->id();
} catch (Throwable $error) {
    http_response_code(500);
    echo $error::class, ' ', $error->getMessage();
}
