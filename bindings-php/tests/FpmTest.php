<?php

// PHP-FPM behind nginx: connections that outlive a request, webhooks, memory, time limits, and the end of the server.

declare(strict_types=1);

use K2Test\Support\Fpm;
use K2Test\Support\Http;
use K2Test\Support\Sandbox;
use K2Test\Support\Wait;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';

final class FpmTest extends TestCase
{
    private const CREATE = 'incoming_payments.create';

    private ?Fpm $fpm = null;

    private Sandbox $sandbox;

    protected function setUp(): void
    {
        $this->sandbox = Sandbox::shared();
        $this->sandbox->reset();
    }

    protected function tearDown(): void
    {
        $this->fpm?->close();
    }

    /** @param list<string> $options */
    private function start(array $options = [], array $pool = [], int $workers = 2): Fpm
    {
        return $this->fpm = new Fpm($this->sandbox, __DIR__ . '/fpm', [...Fpm::extension(), ...$options], $pool, $workers);
    }

    private static function payload(): string
    {
        return (string) \file_get_contents(__DIR__ . '/../../tests/vectors/payloads/result-incoming-payment-success.json');
    }

    private function deliver(string $path, ?string $body = null, array $headers = []): Http
    {
        $body ??= self::payload();
        $signature = \KopoKopo\signWebhook($this->sandbox->credentials()['api_key'], $body);

        return $this->fpm->request($path, 'POST', $body, $headers + ['X-KopoKopo-Signature' => $signature]);
    }

    private function events(): string
    {
        return (string) @\file_get_contents("{$this->fpm->folder}/events");
    }

    private function awaitCreate(): void
    {
        Wait::until('the request is not sent', fn () => $this->sandbox->requests(self::CREATE) !== []);
    }

    /** @return iterable<string, array{list<string>}> */
    public static function preloads(): iterable
    {
        yield 'opcache' => [[]];
        yield 'preload' => [['-d', 'opcache.preload=' . __DIR__ . '/fpm/preload.php', '-d', 'opcache.preload_user=' . (\posix_getpwuid(\posix_geteuid())['name'] ?? 'root')]];
    }

    /**
     * @dataProvider preloads
     * @param list<string> $options
     */
    public function testConnectionsOutliveRequests(array $options): void
    {
        $this->start($options, workers: 2);
        for ($number = 0; $number < 20; ++$number) {
            $response = $this->fpm->request('/read.php');
            self::assertSame(200, $response->status, $response->body . $this->fpm->log());
        }
        self::assertLessThanOrEqual(2, $this->fpm->connections(), 'each of the two workers keeps its connection');
        $before = $this->fpm->connections();
        self::assertSame(200, $this->fpm->request('/pay.php')->status);
        self::assertSame($before + 1, $this->fpm->connections(), 'a create uses a connection of its own');
        self::assertSame('Success', $this->fpm->request('/pay.php?wait')->body);
    }

    public function testWebhooks(): void
    {
        $this->start();
        $response = $this->deliver('/webhook.php');
        self::assertSame([200, ''], [$response->status, $response->body], $this->fpm->log());
        self::assertSame("incoming_payment\n", $this->events());
        self::assertSame([401, 'invalid signature'], self::of($this->deliver('/webhook.php', headers: ['X-KopoKopo-Signature' => \str_repeat('0', 64)])));
        self::assertSame([400, 'unreadable body'], self::of($this->deliver('/webhook.php', 'no json')));
        self::assertSame([413, 'body too large'], self::of($this->deliver('/webhook.php', \str_repeat('a', 10_485_761))));
        $get = $this->fpm->request('/webhook.php');
        self::assertSame([405, 'use POST'], self::of($get));
        self::assertStringContainsString('Allow: POST', $get->head);
        $form = $this->deliver('/webhook.php', headers: ['Content-Type' => 'multipart/form-data; boundary=x']);
        self::assertSame([401, 'invalid signature'], self::of($form));
        self::assertSame("incoming_payment\n", $this->events(), 'no other request reached the program');
        self::assertStringContainsString('webhook refused with 401: the signature', $this->fpm->log());
    }

    /** @return array{int, string} */
    private static function of(Http $response): array
    {
        return [$response->status, $response->body];
    }

    public function testBodiesOfAnySizeAndEncodingArriveUnchanged(): void
    {
        $this->start(['-d', 'post_max_size=1M']);
        // An authentic body of 2 MiB, more than PHP's own limit for forms, and more than nginx keeps in memory.
        $body = \str_replace('"data"', '"padding": "' . \str_repeat('x', 1 << 21) . '", "data"', self::payload());
        self::assertSame(200, $this->deliver('/webhook.php', $body)->status, $this->fpm->log());
        $form = $this->deliver('/webhook.php', headers: ['Content-Type' => 'application/x-www-form-urlencoded']);
        self::assertSame(200, $form->status, 'PHP has parsed it as a form, and keeps the raw body');
        // Without a length.
        $signature = \KopoKopo\signWebhook($this->sandbox->credentials()['api_key'], self::payload());
        $socket = \stream_socket_client(\str_replace('http', 'tcp', $this->fpm->url));
        $chunk = \dechex(\strlen(self::payload())) . "\r\n" . self::payload() . "\r\n0\r\n\r\n";
        \fwrite($socket, "POST /webhook.php HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
            . "X-KopoKopo-Signature: {$signature}\r\n\r\n{$chunk}");
        self::assertStringStartsWith('HTTP/1.1 200', (string) \stream_get_contents($socket), $this->fpm->log());
        self::assertSame(3, \substr_count($this->events(), 'incoming_payment'));
    }

    public function testHandlerThatFailsInAnyWayIsA500(): void
    {
        // With display_errors, PHP responds to a fatal error with 200.
        $this->start(['-d', 'display_errors=1', '-d', 'memory_limit=64M']);
        foreach (['throw', 'exit', 'fatal'] as $what) {
            self::assertSame(500, $this->deliver("/webhook.php?do={$what}")->status, $what);
        }
        self::assertStringContainsString('webhook not handled: RuntimeException: the database is away', $this->fpm->log());
        self::assertSame('', $this->events());
    }

    /** @return iterable<string, array{string}> */
    public static function frameworks(): iterable
    {
        foreach (['handler', 'middleware'] as $name) {
            yield "PSR, {$name}" => ["/psr.php?adapter={$name}"];
        }
        yield 'Symfony' => ['/symfony.php?'];
        yield 'Laravel' => ['/laravel.php?'];
    }

    /** @dataProvider frameworks */
    public function testHandlerThatEndsTheScriptIsA500InEachFramework(string $path): void
    {
        $this->start(['-d', 'display_errors=1', '-d', 'memory_limit=64M']);
        foreach (['exit', 'fatal'] as $what) {
            self::assertSame(500, $this->deliver("{$path}&do={$what}")->status, $what . $this->fpm->log());
        }
        self::assertSame('', $this->events());
        self::assertSame(200, $this->deliver($path)->status, $this->fpm->log());
        self::assertSame("incoming_payment\n", $this->events());
    }

    /** @dataProvider frameworks */
    public function testReasonOfARefusalIsInTheLogOfEachFramework(string $path): void
    {
        $this->start();
        self::assertSame(401, $this->deliver($path, headers: ['X-KopoKopo-Signature' => \str_repeat('0', 64)])->status);
        self::assertSame(400, $this->deliver($path, 'no json')->status);
        $laravel = (string) @\file_get_contents("{$this->fpm->folder}/laravel/storage/logs/laravel.log");
        self::assertMatchesRegularExpression('/refused with 401: the signature .*refused with 400: /s', $this->fpm->log() . $laravel);
    }

    public function testLaravelReadsTheBodyThatItHasParsed(): void
    {
        $this->start(workers: 1);
        $response = $this->deliver('/laravel.php');
        self::assertSame([200, ''], self::of($response), $this->fpm->log());
        self::assertSame("incoming_payment\n", $this->events());
        $forged = $this->deliver('/laravel.php', headers: ['X-KopoKopo-Signature' => \str_repeat('0', 64)]);
        self::assertSame([401, 'invalid signature'], self::of($forged));
        self::assertSame([413, 'body too large'], self::of($this->deliver('/laravel.php', \str_repeat('a', 10_485_761))));
    }

    public function testOutputBeforeTheEndpointIsNamed(): void
    {
        $this->start();
        $this->deliver('/printed.php');
        self::assertStringContainsString('output was sent before, at ' . __DIR__ . '/fpm/printed.php:', $this->fpm->log());
        self::assertSame('', $this->events());
    }

    public function testMemoryOfAWorker(): void
    {
        $measured = [];
        foreach (['without' => [], 'with' => Fpm::extension()] as $name => $options) {
            $this->fpm?->close();
            $this->fpm = new Fpm($this->sandbox, __DIR__ . '/fpm', $options, [], 2);
            $sizes = [];
            for ($number = 0; $number < 60; ++$number) {
                $response = $this->fpm->request('/memory.php', 'POST', self::payload());
                [$worker, $size] = \json_decode($response->body, true) ?? self::fail($response->body . $this->fpm->log());
                $sizes[$worker][] = $size;
            }
            $measured[$name] = \max(\array_map(static fn (array $worker) => \end($worker), $sizes));
            foreach ($sizes as $worker) {
                self::assertLessThan(512, \end($worker) - $worker[(int) (\count($worker) / 2)], 'a worker does not grow');
            }
        }
        $added = ($measured['with'] - $measured['without']) / 1024;
        \fwrite(\STDERR, \sprintf("\nmemory of a worker: %.1f MiB more with the package\n", $added));
        self::assertLessThan(6, $added);
    }

    public function testMaxExecutionTimeDoesNotCountTheWait(): void
    {
        $this->start(['-d', 'max_execution_time=1']);
        $this->sandbox->fault(['kind' => 'delay', 'operation' => self::CREATE, 'delay_ms' => 2500]);
        $response = $this->fpm->request('/pay.php');
        self::assertSame(200, $response->status, $response->body);
    }

    public function testRequestTerminateTimeoutEndsTheWorkerAndAnotherTakesItsPlace(): void
    {
        $this->start(pool: ['request_terminate_timeout = 1s'], workers: 1);
        $this->sandbox->fault(['kind' => 'delay', 'operation' => self::CREATE, 'delay_ms' => 8000]);
        [$worker] = $this->fpm->workers();
        self::assertSame(502, $this->fpm->request('/pay.php')->status);
        self::assertCount(1, $this->sandbox->requests(self::CREATE), 'the request was sent, and is not sent again');
        $response = Wait::until('no worker responds', function (): Http|false {
            $response = $this->fpm->request('/webhook.php');

            return $response->status === 405 ? $response : false;
        });
        self::assertNotSame([$worker], $this->fpm->workers());
        self::assertSame(405, $response->status);
    }

    public function testGracefulStopLetsACallFinish(): void
    {
        $this->start();
        self::assertSame(200, $this->fpm->request('/pay.php')->status);
        $this->sandbox->reset();
        $this->sandbox->fault(['kind' => 'delay', 'operation' => self::CREATE, 'delay_ms' => 1500]);
        $response = $this->fpm->begin('/pay.php');
        $this->awaitCreate();
        $this->fpm->signal(\SIGQUIT);
        self::assertStringContainsString('200 OK', $response());
        self::assertSame(0, $this->fpm->exitCode());
    }

    public function testFastStopDoesNotHang(): void
    {
        $this->start();
        $this->sandbox->fault(['kind' => 'delay', 'operation' => self::CREATE, 'delay_ms' => 20_000]);
        $response = $this->fpm->begin('/pay.php');
        $this->awaitCreate();
        $start = \hrtime(true);
        $this->fpm->signal(\SIGTERM);
        self::assertSame(0, $this->fpm->exitCode());
        self::assertLessThan(5, (\hrtime(true) - $start) / 1e9);
        self::assertStringNotContainsString('200 OK', $response());
    }

    public function testReloadKeepsServing(): void
    {
        $this->start();
        $before = $this->fpm->workers();
        self::assertSame(200, $this->fpm->request('/pay.php')->status);
        $this->fpm->signal(\SIGUSR2);
        Wait::until('the workers are not replaced', fn () => \array_intersect($before, $this->fpm->workers()) === [] && \count($this->fpm->workers()) === 2);
        self::assertSame(200, $this->fpm->request('/pay.php')->status, $this->fpm->log());
    }
}
