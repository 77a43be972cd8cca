<?php

// Tries the package that Composer installed in a folder, with a sandbox: a payment, and its result as a webhook.

declare(strict_types=1);

use K2Test\Support\Sandbox;
use KopoKopo\Client;
use KopoKopo\EventPayload\IncomingPayment;

require "{$argv[1]}/vendor/autoload.php";
require __DIR__ . '/Support/binary.php';
require __DIR__ . '/Support/Sandbox.php';
$file = (string) (new ReflectionClass(Client::class))->getFileName();
\str_starts_with($file, \realpath($argv[1]) . '/vendor/') || throw new RuntimeException("{$file} is not in {$argv[1]}");

$sandbox = Sandbox::shared();
$client = $sandbox->client();
$payment = $client->incomingPayments->create(...[...Sandbox::PUSH, 'phoneNumber' => '254700000001'])->wait(timeout: 60, interval: 0.05);
$payment->isPaidAtLeast('100', tillNumber: 'K000000') || throw new RuntimeException('not paid');

$body = Sandbox::payload('result-incoming-payment-success');
$event = $client->webhooks->verify($body, KopoKopo\signWebhook($sandbox->options()['apiKey'], $body));
$event->payload instanceof IncomingPayment || throw new RuntimeException('no event');
echo 'kopokopo ', KopoKopo\version(), ' works as a package with PHP ', \PHP_VERSION, "\n";
