<?php

// The example token endpoint, with PHP-FPM, and a client without a secret that uses its tokens.

declare(strict_types=1);

use KopoKopo\AccessToken;
use KopoKopo\Client;
use KopoKopo\Exception\AuthenticationException;
use K2Test\Support\Folder;
use K2Test\Support\Fpm;
use K2Test\Support\Http;
use K2Test\Support\Sandbox;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';

final class ExampleTokenTest extends TestCase
{
    private const REFUSED = '{"refused": true}';

    private Sandbox $sandbox;

    private Fpm $fpm;

    private string $database;

    private int $asked = 0;

    protected function setUp(): void
    {
        $this->sandbox = new Sandbox();
        $public = Folder::make();
        \symlink(\realpath(__DIR__ . '/../examples/token.php'), "{$public}/index.php");
        $this->database = Folder::make() . '/tokens.db';
        $sessions = \implode(',', \array_map(static fn (int $number) => "user{$number}=session-of-user{$number}", \range(0, 7)));
        $this->fpm = new Fpm($this->sandbox, $public, Fpm::extension(), [
            "env[APP_SESSIONS] = '{$sessions}'", "env[TOKENS_DATABASE] = {$this->database}", 'env[TOKENS_AUTOLOAD] = ' . __DIR__ . '/Support/load.php',
        ], 8);
    }

    protected function tearDown(): void
    {
        $this->fpm->close();
        $this->sandbox->close();
    }

    private function send(?string $session, string $body = ''): Http
    {
        return $this->fpm->request('/k2/token', 'POST', $body, $session === null ? [] : ['Authorization' => "Bearer {$session}"]);
    }

    private function owner(): Client
    {
        ['client_id' => $id, 'client_secret' => $secret, 'base_url' => $url] = $this->sandbox->credentials();

        return new Client(clientId: $id, clientSecret: $secret, baseUrl: $url);
    }

    /** A client whose token source asks the endpoint, as an app does. */
    private function app(string $session): Client
    {
        $expiresAt = 0.0;
        $source = function () use ($session, &$expiresAt): AccessToken {
            ++$this->asked;
            $response = $this->send($session, \microtime(true) < $expiresAt - 300 ? self::REFUSED : '');
            $response->status === 200 || throw new RuntimeException("no token from the endpoint: {$response->status}");
            ['token' => $token, 'expires_in' => $left] = \json_decode($response->body, true);
            $expiresAt = \microtime(true) + $left;

            return new AccessToken($token, $left);
        };

        return Client::withTokenSource($source, baseUrl: $this->sandbox->credentials()['base_url']);
    }

    private static function pay(Client $app): bool
    {
        $push = $app->incomingPayments->create(tillNumber: 'K000000', phoneNumber: '0712345678', amount: 100, callbackUrl: 'https://shop.example/k2');

        return $push->wait(interval: 0.02)->isPaid;
    }

    private function fetches(): int
    {
        return \count($this->sandbox->requests('oauth.token'));
    }

    public function testAppWithoutASecretReceivesAPayment(): void
    {
        $app = $this->app('session-of-user0');
        self::assertTrue(self::pay($app), $this->fpm->log());
        self::assertSame([1, 1], [$this->asked, $this->fetches()]);
        $this->owner()->oauth->revoke(\json_decode($this->send('session-of-user1')->body)->token);
        self::assertTrue(self::pay($app), 'a refused token is replaced');
        self::assertSame(2, $this->asked);
        $log = $this->fpm->log() . \print_r($app, true);
        self::assertStringNotContainsString($this->sandbox->credentials()['client_secret'], $log);
        self::assertStringContainsString('token for user0, expires in', $log);
    }

    public function testResponseHasTheFieldsThatAppsReadAndTheFileIsPrivate(): void
    {
        $response = $this->send('session-of-user0');
        $body = \json_decode($response->body, true);
        self::assertSame([200, ['token', 'expires_in']], [$response->status, \array_keys($body)], $response->body . $this->fpm->log());
        self::assertGreaterThan(3500, $body['expires_in']);
        self::assertStringContainsStringIgnoringCase('cache-control: no-store', $response->head);
        self::assertSame($body['token'], \json_decode($this->send('session-of-user1')->body)->token);
        self::assertSame(0o600, \fileperms($this->database) & 0o777);
    }

    public function testRequestWithoutAValidSessionIsA401(): void
    {
        foreach ([null, '', 'session-of-user', "sessi\u{f3}n"] as $session) {
            $response = $this->send($session);
            self::assertSame([401, '{"error":"sign in first"}'], [$response->status, $response->body]);
        }
        self::assertSame(0, $this->fetches());
        $this->expectException(AuthenticationException::class);
        self::pay($this->app('unknown-session'));
    }

    public function testRequestsAndRefusalsAreLimited(): void
    {
        self::assertSame(200, $this->send('session-of-user0')->status);
        self::assertSame(200, $this->send('session-of-user0', self::REFUSED)->status);
        $again = $this->send('session-of-user0', self::REFUSED);
        self::assertSame(429, $again->status);
        self::assertMatchesRegularExpression('/^Retry-After: [1-5]$/m', $again->head);
        for ($count = 0; $count < 3; ++$count) {
            self::assertSame(200, $this->send('session-of-user0')->status, 'the current token is still available');
        }
        self::assertSame([429, '{"error":"too many requests"}'], [($last = $this->send('session-of-user0'))->status, $last->body]);
        self::assertSame(200, $this->send('session-of-user1')->status);
        self::assertSame(2, $this->fetches());
    }

    public function testConcurrentRequestsShareOneFetch(): void
    {
        $this->sandbox->fault(['operation' => 'oauth.token', 'kind' => 'delay', 'delay_ms' => 300]);
        $responses = [];
        foreach (\range(0, 7) as $number) {
            $responses[] = $this->fpm->begin('/k2/token', 'POST', headers: "Authorization: Bearer session-of-user{$number}\r\n");
        }
        $tokens = \array_map(static fn (callable $response) => \json_decode(\substr((string) \strrchr($response(), "\n"), 1))->token, $responses);
        self::assertCount(1, \array_unique($tokens));
        self::assertSame(1, $this->fetches());
    }

    public function testResponseIsA503WithoutDetailsIfKopoKopoReturnsNoToken(): void
    {
        $fault = ['operation' => 'oauth.token', 'kind' => 'status', 'status' => 500, 'body' => 'CANARY', 'times' => null];
        $this->sandbox->fault($fault);
        $response = $this->send('session-of-user0');
        self::assertSame([503, '{"error":"no token available"}'], [$response->status, $response->body]);
        self::assertStringNotContainsString('CANARY', $this->fpm->log());
    }

    public function testOtherBodiesAndPathsAreRefused(): void
    {
        self::assertSame(413, $this->send('session-of-user0', \str_repeat(' ', 1001))->status);
        self::assertSame(400, $this->send('session-of-user0', '{')->status);
        self::assertSame(404, $this->fpm->request('/k2/token')->status);
        self::assertSame(0, $this->fetches());
    }
}
