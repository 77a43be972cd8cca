<?php

// The package for Laravel: discovery, configuration, facade, published files, queues.

declare(strict_types=1);

use Illuminate\Contracts\Console\Kernel as Console;
use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Event as Listeners;
use Illuminate\Support\Facades\Route;
use KopoKopo\Client;
use KopoKopo\Laravel\KopoKopo;
use KopoKopo\Laravel\WebhookReceived;
use K2Test\Support\Folder;
use K2Test\Support\LaravelApp;
use K2Test\Support\Sandbox;
use KopoKopo\WebhookVerifier;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';

final class QueuedListener implements ShouldQueue
{
    /** @var list<string> */
    public static array $seen = [];

    public function handle(WebhookReceived $received): void
    {
        self::$seen[] = $received->event->topic;
    }
}

final class LaravelTest extends TestCase
{
    private static function app(array $config = []): LaravelApp
    {
        return new LaravelApp(Folder::make(), ['kopokopo' => $config + Sandbox::shared()->credentials() + ['product' => 'tests/' . \bin2hex(\random_bytes(4))]]);
    }

    private static function deliver(LaravelApp $app, string $path): int
    {
        $body = (string) \file_get_contents(__DIR__ . '/../../tests/vectors/payloads/result-incoming-payment-success.json');
        $signature = \KopoKopo\signWebhook(Sandbox::shared()->credentials()['api_key'], $body);

        return $app->request('POST', $path, $body, ['HTTP_X_KOPOKOPO_SIGNATURE' => $signature])->getStatusCode();
    }

    public function testProviderIsDiscoveredAndFacadeCallsTheApi(): void
    {
        $app = self::app();
        self::assertNotSame('', KopoKopo::oauth()->token()->accessToken);
        self::assertStringContainsString('kopokopo: oauth.token succeeded after ', $app->log());
        self::assertSame(Sandbox::shared()->credentials()['base_url'], KopoKopo::baseUrl());
        self::assertSame($app->app->make(Client::class), $app->app->make(Client::class));
        self::assertInstanceOf(WebhookVerifier::class, $app->app->make(WebhookVerifier::class));
        self::assertSame('http://shop.example/kopokopo/webhook', \route('kopokopo.webhook'));
    }

    public function testFacadeDocumentsEverySection(): void
    {
        $text = (string) (new ReflectionClass(KopoKopo::class))->getDocComment();
        foreach (Client::SECTIONS as $name => [, $class]) {
            self::assertStringContainsString("@method static \\{$class} {$name}()\n", $text);
        }
        foreach ((new ReflectionMethod(Client::class, 'withOptions'))->getParameters() as $parameter) {
            self::assertStringContainsString("\${$parameter->getName()} = null", $text);
        }
    }

    public function testEnvironmentVariablesAreTheDefault(): void
    {
        foreach (Sandbox::shared()->environment() as $name => $value) {
            \putenv("{$name}={$value}");
            $_SERVER[$name] = $value;
        }
        try {
            new LaravelApp(Folder::make());
            self::assertNotSame('', KopoKopo::oauth()->token()->accessToken);
        } finally {
            foreach (\array_keys(Sandbox::shared()->environment()) as $name) {
                \putenv($name);
                unset($_SERVER[$name]);
            }
        }
    }

    public function testMissingCredentialIsNamed(): void
    {
        self::app(['client_secret' => null]);
        $this->expectException(\KopoKopo\Exception\ConfigurationException::class);
        $this->expectExceptionMessage('clientSecret');
        KopoKopo::baseUrl();
    }

    public function testRouteIsOutsideOfCsrfAndCanBeMovedOrTurnedOff(): void
    {
        $moved = self::app(['webhook_path' => 'k2/results']);
        self::assertSame([], Route::getRoutes()->getByName('kopokopo.webhook')->gatherMiddleware());
        self::assertSame(200, self::deliver($moved, '/k2/results'));
        self::assertSame(404, self::deliver($moved, '/kopokopo/webhook'));
        self::assertSame(404, self::deliver(self::app(['webhook_path' => null]), '/kopokopo/webhook'));
    }

    public function testQueuedListenerGetsTheEvent(): void
    {
        $app = self::app();
        Listeners::listen(WebhookReceived::class, QueuedListener::class);
        self::assertSame(200, self::deliver($app, '/kopokopo/webhook'), $app->log());
        self::assertSame(['incoming_payment'], QueuedListener::$seen);
    }

    public function testConfigurationAndMigrationsArePublished(): void
    {
        $app = self::app();
        $artisan = $app->app->make(Console::class);
        self::assertSame(0, $artisan->call('vendor:publish', ['--tag' => 'kopokopo-config', '--force' => true]), $artisan->output());
        self::assertFileEquals(__DIR__ . '/../php/Laravel/config/kopokopo.php', "{$app->folder}/config/kopokopo.php");
        \touch("{$app->folder}/shop.db");
        self::assertSame(0, $artisan->call('vendor:publish', ['--tag' => 'kopokopo-migrations']), $artisan->output());
        self::assertSame(0, $artisan->call('migrate', ['--force' => true]), $artisan->output());
        self::assertNotSame([], DB::select("SELECT name FROM sqlite_master WHERE name LIKE 'kopokopo%'"));
    }

    public function testJournalHasAConnectionOfItsOwnThatIsNotRolledBack(): void
    {
        $app = self::app(['journal' => 'sqlite']);
        \touch("{$app->folder}/shop.db");
        $artisan = $app->app->make(Console::class);
        $artisan->call('vendor:publish', ['--tag' => 'kopokopo-migrations']);
        $artisan->call('migrate', ['--force' => true]);
        Sandbox::shared()->reset();
        $pay = static fn () => KopoKopo::incomingPayments()->create(
            tillNumber: 'K000000',
            phoneNumber: '254700000001',
            amount: '100',
            callbackUrl: 'https://shop.example/k2/results',
            idempotencyKey: 'order-1',
        )->id();
        // SQLite has one writer, so this transaction only reads.
        DB::beginTransaction();
        DB::select('SELECT 1');
        $first = $pay();
        DB::rollBack();
        self::assertSame($first, $pay());
        self::assertCount(1, Sandbox::shared()->requests('incoming_payments.create'));
        self::assertSame(200, self::deliver($app, '/kopokopo/webhook'), $app->log());
    }

    public function testUnknownConnectionOfTheJournalIsNamed(): void
    {
        self::app(['journal' => 'oracle']);
        $this->expectException(\KopoKopo\Exception\ConfigurationException::class);
        $this->expectExceptionMessage('journal: config/database.php has no connection oracle');
        KopoKopo::baseUrl();
    }
}
