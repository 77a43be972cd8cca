<?php

// The adapters for PSR-7 and PSR-15, and what sends their response.

use KopoKopo\Psr\WebhookHandler;
use KopoKopo\Psr\WebhookMiddleware;
use Nyholm\Psr7\Factory\Psr17Factory;
use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\ServerRequestInterface;
use Psr\Http\Server\RequestHandlerInterface;

require_once __DIR__ . '/../Support/load.php';

$client = require __DIR__ . '/client.php';
$factory = new Psr17Factory();
$handle = require __DIR__ . '/handler.php';
$request = $factory->createServerRequest('POST', '/k2/results', $_SERVER)
    ->withBody($factory->createStream((string) file_get_contents('php://input')))
    ->withHeader('X-KopoKopo-Signature', $_SERVER['HTTP_X_KOPOKOPO_SIGNATURE']);
$next = new class ($handle) implements RequestHandlerInterface {
    public function __construct(private readonly Closure $handle)
    {
    }

    public function handle(ServerRequestInterface $request): ResponseInterface
    {
        ($this->handle)(WebhookMiddleware::event($request));

        return (new Psr17Factory())->createResponse();
    }
};
$response = $_GET['adapter'] === 'handler'
    ? (new WebhookHandler($client->webhooks, $factory, $handle))->handle($request)
    : (new WebhookMiddleware($client->webhooks, $factory))->process($request, $next);
header("HTTP/1.1 {$response->getStatusCode()} {$response->getReasonPhrase()}", true, $response->getStatusCode());
echo $response->getBody();
