<?php

// What every adapter does with a request: valid, forged, unreadable, too large, and one whose handler throws.

declare(strict_types=1);

use GuzzleHttp\Psr7\HttpFactory;
use Illuminate\Support\Facades\Event as Listeners;
use Illuminate\Support\Facades\Route;
use KopoKopo\Client;
use KopoKopo\Event;
use KopoKopo\Exception\DecodeException;
use KopoKopo\Laravel\VerifyWebhook;
use KopoKopo\Laravel\WebhookReceived;
use KopoKopo\Psr\WebhookHandler;
use KopoKopo\Psr\WebhookMiddleware;
use K2Test\Support\Folder;
use K2Test\Support\LaravelApp;
use K2Test\Support\Log;
use K2Test\Support\OneWayStream;
use K2Test\Support\SymfonyApp;
use KopoKopo\Webhook\Endpoint;
use KopoKopo\WebhookVerifier;
use Nyholm\Psr7\Factory\Psr17Factory;
use PHPUnit\Framework\TestCase;
use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\ServerRequestInterface;
use Psr\Http\Server\RequestHandlerInterface;

require_once __DIR__ . '/Support/load.php';

final class AdapterTest extends TestCase
{
    private const KEY = 'a-key-of-a-test';

    private const OPTIONS = ['client_id' => 'app', 'client_secret' => 'canary-secret', 'api_key' => self::KEY];

    /** @var list<string> */
    private array $seen = [];

    private ?Throwable $thrown = null;

    private Log $log;

    protected function setUp(): void
    {
        $this->log = Log::shared();
        $this->log->take();
    }

    private function handle(Event $event): void
    {
        if ($this->thrown !== null) {
            throw $this->thrown;
        }
        $this->seen[] = $event->topic;
    }

    private static function payload(): string
    {
        return (string) \file_get_contents(__DIR__ . '/../../tests/vectors/payloads/result-incoming-payment-success.json');
    }

    private static function verifier(): WebhookVerifier
    {
        return new WebhookVerifier(apiKeys: [self::KEY]);
    }

    /** @return iterable<string, array{string}> */
    public static function adapters(): iterable
    {
        foreach (['plain', 'handler', 'guzzle', 'middleware', 'oneWay', 'symfony', 'laravel', 'laravelMiddleware'] as $name) {
            yield $name => [$name];
        }
    }

    /** The adapter as a function of the body and `$_SERVER`, which returns the status and the text. */
    private function adapter(string $name): Closure
    {
        $responses = new Psr17Factory();
        $handler = new WebhookHandler(self::verifier(), $responses, $this->handle(...), logger: $this->log);
        $next = new class ($this->handle(...)) implements RequestHandlerInterface {
            public function __construct(private readonly Closure $handle)
            {
            }

            public function handle(ServerRequestInterface $request): ResponseInterface
            {
                try {
                    ($this->handle)(WebhookMiddleware::event($request));
                } catch (Throwable) {
                    return (new Psr17Factory())->createResponse(500);
                }

                return (new Psr17Factory())->createResponse();
            }
        };

        return match ($name) {
            'plain' => $this->plain(...),
            'handler' => static fn (string $body, array $server) => self::psr($responses, $handler->handle(...), $responses->createStream($body), $server),
            'guzzle' => static fn (string $body, array $server) => self::psr(new HttpFactory(), $handler->handle(...), (new HttpFactory())->createStream($body), $server),
            'oneWay' => static fn (string $body, array $server) => self::psr($responses, $handler->handle(...), new OneWayStream($body), $server),
            'middleware' => fn (string $body, array $server) => self::psr(
                $responses,
                fn ($request) => (new WebhookMiddleware(self::verifier(), $responses, ['/k2/results'], logger: $this->log))->process($request, $next),
                $responses->createStream($body),
                $server,
            ),
            'symfony' => $this->symfony(),
            'laravel', 'laravelMiddleware' => $this->laravel($name === 'laravel'),
        };
    }

    /** @return array{int, string} */
    private function plain(string $body, array $server): array
    {
        $input = \fopen('php://temp', 'r+b');
        \fwrite($input, $body);
        \rewind($input);

        return (new Endpoint(self::verifier(), $this->handle(...), logger: $this->log))->respond($server + ['REQUEST_METHOD' => 'POST'], $input);
    }

    /** @return array{int, string} */
    private static function psr(object $factory, callable $run, object $stream, array $server): array
    {
        $request = $factory->createServerRequest('POST', 'https://shop.example/k2/results')->withBody($stream);
        $names = ['HTTP_X_KOPOKOPO_SIGNATURE' => 'X-KopoKopo-Signature', 'CONTENT_LENGTH' => 'Content-Length', 'CONTENT_TYPE' => 'Content-Type'];
        foreach ($server as $name => $value) {
            $request = $request->withHeader($names[$name], $value);
        }
        $response = $run($request);

        return [$response->getStatusCode(), (string) $response->getBody()];
    }

    private function symfony(): Closure
    {
        $app = new SymfonyApp(Folder::make(), self::OPTIONS);
        $app->handler = $this->handle(...);

        return static function (string $body, array $server) use ($app): array {
            $response = $app->request('POST', '/k2/results', $body, $server);

            return [$response->getStatusCode(), (string) $response->getContent()];
        };
    }

    private function laravel(bool $route): Closure
    {
        $app = new LaravelApp(Folder::make(), ['kopokopo' => self::OPTIONS]);
        $app->app->instance('log', $this->log);
        Listeners::listen(WebhookReceived::class, fn (WebhookReceived $received) => $this->handle($received->event));
        Route::post('/own', fn (Illuminate\Http\Request $request) => $this->handle(VerifyWebhook::event($request)))->middleware('kopokopo.webhook');
        // Laravel redirects there if a login is missing.
        Route::get('/login', ['as' => 'login', static fn () => '']);

        return static function (string $body, array $server) use ($app, $route): array {
            $response = $app->request('POST', $route ? '/kopokopo/webhook' : '/own', $body, $server);

            return [$response->getStatusCode(), (string) $response->getContent()];
        };
    }

    /** @return array<string, string> */
    private static function server(string $body, ?string $signature = null): array
    {
        return [
            'CONTENT_TYPE' => 'application/json', 'CONTENT_LENGTH' => (string) \strlen($body),
            'HTTP_X_KOPOKOPO_SIGNATURE' => $signature ?? \KopoKopo\signWebhook(self::KEY, $body),
        ];
    }

    /** @dataProvider adapters */
    public function testVerifiedEventReachesTheProgram(string $name): void
    {
        $body = self::payload();
        [$status, $text] = $this->adapter($name)($body, self::server($body));
        self::assertSame([200, ''], [$status, $text], $this->log->take());
        self::assertSame(['incoming_payment'], $this->seen);
    }

    /** @dataProvider adapters */
    public function testOtherRequestsAreRefused(string $name): void
    {
        $adapter = $this->adapter($name);
        $body = self::payload();
        $valid = self::server($body);
        $none = \array_diff_key($valid, ['HTTP_X_KOPOKOPO_SIGNATURE' => 0]);
        self::assertSame([401, 'invalid signature'], $adapter($body, self::server($body, \str_repeat('0', 64))));
        self::assertStringContainsString('error: kopokopo: webhook refused with 401', $this->log->take());
        self::assertSame([401, 'invalid signature'], $adapter($body, $none));
        self::assertStringContainsString('the X-KopoKopo-Signature header is missing', $this->log->take());
        $changed = "{$body} ";
        self::assertSame([401, 'invalid signature'], $adapter($changed, self::server($changed, $valid['HTTP_X_KOPOKOPO_SIGNATURE'])));
        self::assertSame([400, 'unreadable body'], $adapter('no json', self::server('no json')));
        self::assertSame([], $this->seen);
    }

    /** @dataProvider adapters */
    public function testBodyThatIsTooLargeIsRefusedWithAndWithoutItsLength(string $name): void
    {
        $adapter = $this->adapter($name);
        $large = \str_repeat('a', 10_485_761);
        $server = self::server('x');
        self::assertSame([413, 'body too large'], $adapter($large, ['CONTENT_LENGTH' => (string) \strlen($large)] + $server));
        self::assertSame([413, 'body too large'], $adapter('', ['CONTENT_LENGTH' => \str_repeat('9', 40)] + $server));
        unset($server['CONTENT_LENGTH']);
        self::assertSame([413, 'body too large'], $adapter($large, $server));
        self::assertSame([], $this->seen);
    }

    /** @dataProvider adapters */
    public function testHandlerThatThrowsIsA500AndLogged(string $name): void
    {
        $adapter = $this->adapter($name);
        $body = self::payload();
        $missing = new Symfony\Component\HttpKernel\Exception\NotFoundHttpException('no such order');
        // A framework responds with a redirect or with 404 to the last two.
        foreach ([new RuntimeException('the database is away'), new Illuminate\Auth\AuthenticationException('not signed in'), $missing] as $thrown) {
            $this->thrown = $thrown;
            self::assertSame(500, $adapter($body, self::server($body))[0]);
            if ($name !== 'middleware') {
                self::assertStringContainsString($thrown->getMessage(), $this->log->take());
            }
        }
        $this->thrown = null;
        self::assertSame(200, $adapter($body, self::server($body))[0]);
    }

    /** @dataProvider adapters */
    public function testIncompleteBodyIsRefused(string $name): void
    {
        $body = self::payload();
        $server = ['CONTENT_LENGTH' => (string) (\strlen($body) + 1)] + self::server($body);
        self::assertSame([400, 'incomplete body'], $this->adapter($name)($body, $server));
    }

    /** @dataProvider adapters */
    public function testBodyThatWasReadBeforeNamesTheRemedy(string $name): void
    {
        $server = self::server(self::payload());
        try {
            $status = $this->adapter($name)('', $server)[0];
        } catch (KopoKopo\Exception\InvalidRequestException $error) {
            // The middleware's framework responds with 500.
            self::assertContains($name, ['middleware']);
            [$status, $this->log->lines] = [500, [$error->getMessage()]];
        }
        self::assertSame(500, $status);
        self::assertStringContainsString('it was read before, and cannot be read again. The signature covers the raw body', $this->log->take());
    }

    public function testEndpointsTakePostsOnly(): void
    {
        $handler = new WebhookHandler(self::verifier(), new Psr17Factory(), $this->handle(...), logger: $this->log);
        $response = $handler->handle((new Psr17Factory())->createServerRequest('GET', '/k2/results'));
        self::assertSame([405, 'POST'], [$response->getStatusCode(), $response->getHeaderLine('Allow')]);
        self::assertSame([405, 'use POST'], $this->plain('', ['REQUEST_METHOD' => 'GET']));
    }

    public function testFormsOfPhpAreRefusedWithTheReasonInTheLog(): void
    {
        foreach (['plain', 'symfony', 'laravel'] as $name) {
            $server = ['CONTENT_TYPE' => 'Multipart/Form-Data; boundary=x'] + self::server(self::payload());
            self::assertSame([401, 'invalid signature'], $this->adapter($name)('', $server));
            self::assertStringContainsString('multipart/form-data', $this->log->take());
        }
    }

    public function testUnreadableBodyCanBeKept(): void
    {
        $kept = [];
        $keep = static function (string $body, DecodeException $error) use (&$kept): void {
            $kept[] = $body;
        };
        $input = \fopen('php://temp', 'r+b');
        \fwrite($input, 'no json');
        \rewind($input);
        $endpoint = new Endpoint(self::verifier(), $this->handle(...), onUnreadable: $keep, logger: $this->log);
        self::assertSame([200, ''], $endpoint->respond(['REQUEST_METHOD' => 'POST'] + self::server('no json'), $input));
        self::assertSame(['no json'], $kept);
        self::assertSame([], $this->seen);
    }

    public function testJournalThatFailsIsA500(): void
    {
        $client = new Client(clientId: 'app', clientSecret: 'x', apiKey: self::KEY);
        $journal = $client->withJournal(static fn () => throw new RuntimeException('the disk is full'), dialect: 'sqlite')->journal;
        $body = self::payload();
        $input = \fopen('php://temp', 'r+b');
        \fwrite($input, $body);
        \rewind($input);
        $endpoint = new Endpoint(self::verifier(), $this->handle(...), journal: $journal, logger: $this->log);
        self::assertSame([500, 'journal failed'], $endpoint->respond(['REQUEST_METHOD' => 'POST'] + self::server($body), $input));
        self::assertStringContainsString('error: kopokopo: webhook refused with 500', $this->log->take());
        self::assertSame([], $this->seen);
    }

    public function testMiddlewareLeavesOtherRequestsAndTheirBodies(): void
    {
        $factory = new Psr17Factory();
        $middleware = new WebhookMiddleware(self::verifier(), $factory, ['/k2/results']);
        $next = new class () implements RequestHandlerInterface {
            public ?ServerRequestInterface $request = null;

            public function handle(ServerRequestInterface $request): ResponseInterface
            {
                $this->request = $request;

                return (new Psr17Factory())->createResponse();
            }
        };
        $other = $factory->createServerRequest('POST', '/other')->withBody($factory->createStream('x'))
            ->withAttribute(WebhookMiddleware::ATTRIBUTE, 'forged');
        $middleware->process($other, $next);
        self::assertNull($next->request->getAttribute(WebhookMiddleware::ATTRIBUTE));
        self::assertSame('x', (string) $next->request->getBody());
        try {
            WebhookMiddleware::event($next->request);
            self::fail('the request has no event');
        } catch (LogicException $error) {
            self::assertStringContainsString('put WebhookMiddleware before this handler', $error->getMessage());
        }
        $body = self::payload();
        $webhook = $factory->createServerRequest('POST', '/k2/results')->withBody($factory->createStream($body))
            ->withHeader('X-KopoKopo-Signature', \KopoKopo\signWebhook(self::KEY, $body));
        $middleware->process($webhook, $next);
        self::assertSame($body, $next->request->getBody()->getContents(), 'the body can be read again');
    }

    public function testDifferentSignaturesAreRefused(): void
    {
        $factory = new Psr17Factory();
        $body = self::payload();
        $valid = \KopoKopo\signWebhook(self::KEY, $body);
        $handler = new WebhookHandler(self::verifier(), $factory, $this->handle(...), logger: $this->log);
        $request = $factory->createServerRequest('POST', '/')->withBody($factory->createStream($body));
        $signed = $request->withHeader('X-KopoKopo-Signature', [$valid, \str_repeat('0', 64)]);
        self::assertSame(401, $handler->handle($signed)->getStatusCode());
        self::assertSame(200, $handler->handle($request->withHeader('x-kopokopo-signature', [$valid, $valid]))->getStatusCode());
    }

    public function testReasonsAreInThePhpLogWithoutALogger(): void
    {
        $file = Folder::make() . '/log';
        $before = \ini_set('error_log', $file);
        try {
            $input = \fopen('php://temp', 'r+b');
            (new Endpoint(self::verifier(), $this->handle(...)))->respond(['REQUEST_METHOD' => 'POST'], $input);
            (new KopoKopo\Webhook\Receiver(self::verifier()))->failed(new RuntimeException('the database is away'));
        } finally {
            \ini_set('error_log', $before);
        }
        self::assertStringContainsString('webhook refused with 401: the X-KopoKopo-Signature header is missing', (string) \file_get_contents($file));
        self::assertStringContainsString('webhook not handled: RuntimeException: the database is away', (string) \file_get_contents($file));
    }
}
