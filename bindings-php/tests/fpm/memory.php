<?php

// What this worker has for itself, in KiB, after the work that a program with or without the package does.
if (extension_loaded('kopokopo')) {
    $client = require __DIR__ . '/client.php';
    $client->webhooks->verify($body = (string) file_get_contents('php://input'), KopoKopo\signWebhook(getenv('K2_API_KEY'), $body));
    $client->oauth->tokenInfo();
} else {
    hash_hmac('sha256', $body = (string) file_get_contents('php://input'), (string) getenv('K2_API_KEY'));
    json_decode($body, false, 64, JSON_THROW_ON_ERROR);
}
preg_match_all('/^Private_\w+:\s+(\d+) kB$/m', (string) file_get_contents('/proc/self/smaps_rollup'), $found);
echo json_encode([getmypid(), array_sum($found[1])]);
