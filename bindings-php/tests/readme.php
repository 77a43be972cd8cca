<?php

// Runs the blocks of the README in order, in one scope. Framework blocks get an application of the framework before, and a
// valid and a forged webhook after.

declare(strict_types=1);

use K2Test\Support\Folder;
use K2Test\Support\LaravelApp;
use K2Test\Support\Log;
use K2Test\Support\SymfonyApp;
use Nyholm\Psr7\Factory\Psr17Factory;

require_once __DIR__ . '/Support/load.php';
\ini_set('error_log', '/dev/null');
// Headers can be sent until the end.
\ob_start();

// Each delivery has a payment of its own, so that it is credited.
$deliver = static function (string $name, callable $send): void {
    foreach ([true, false] as $isAuthentic) {
        $body = (string) \file_get_contents(__DIR__ . '/../../tests/vectors/payloads/result-incoming-payment-success.json');
        $fields = \json_decode($body, true);
        $fields['data']['id'] = $name;
        $fields['data']['attributes']['event']['resource']['reference'] = \strtoupper("{$name}1234");
        $body = \json_encode($fields);
        $signature = $isAuthentic ? \KopoKopo\signWebhook(\getenv('K2_API_KEY'), $body) : \str_repeat('0', 64);
        \ob_start();
        if ($isAuthentic) {
            // The webhook about the same payment comes first, and must not take the result's claim.
            $webhook = (string) \file_get_contents(__DIR__ . '/../../tests/vectors/payloads/webhook-buygoods_transaction_received.json');
            $webhook = \str_replace('OJM6Q1W84K', $fields['data']['attributes']['event']['resource']['reference'], $webhook);
            $send($webhook, \KopoKopo\signWebhook(\getenv('K2_API_KEY'), $webhook)) === 200 || throw new RuntimeException('the webhook is refused');
        }
        $status = $send($body, $signature);
        $printed = \ob_get_clean();
        echo "{$name} {$status}\n{$printed}";
    }
};

$logger = Log::shared();
$laravel = new LaravelApp(Folder::make());
foreach (\glob("{$argv[1]}/*.php") as $block) {
    require $block;
    $text = (string) \file_get_contents($block);
    if (\str_contains($text, 'new WebhookHandler(')) {
        $deliver('psr', static function (string $body, string $signature) use ($handler): int {
            $factory = new Psr17Factory();
            $request = $factory->createServerRequest('POST', '/k2/results')->withBody($factory->createStream($body));

            return $handler->handle($request->withHeader('X-KopoKopo-Signature', $signature))->getStatusCode();
        });
    } elseif (\str_contains($text, 'class ResultsController')) {
        $app = new SymfonyApp(Folder::make(), []);
        $controller = new ResultsController($database);
        $app->handler = static fn (KopoKopo\Event $event) => $controller($event);
        $send = static fn (string $body, string $signature) => $app->request('POST', '/k2/results', $body, ['HTTP_X_KOPOKOPO_SIGNATURE' => $signature])->getStatusCode();
        $_ENV += \getenv();
        $deliver('symfony', $send);
    } elseif (\str_contains($text, 'WebhookReceived $received')) {
        $send = static fn (string $body, string $signature) => $laravel->request('POST', '/kopokopo/webhook', $body, ['HTTP_X_KOPOKOPO_SIGNATURE' => $signature])->getStatusCode();
        $deliver('laravel', $send);
    }
}
echo $logger->take();
