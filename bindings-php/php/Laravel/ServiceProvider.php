<?php

declare(strict_types=1);

namespace KopoKopo\Laravel;

use Illuminate\Contracts\Foundation\Application;
use Illuminate\Support\ServiceProvider as Provider;
use KopoKopo\Client;
use KopoKopo\Exception\ConfigurationException;
use KopoKopo\Journal;
use KopoKopo\Journal\PdoJournal;
use KopoKopo\Symfony\Clients;
use KopoKopo\Webhook\Receiver;
use KopoKopo\WebhookVerifier;

/** The service provider, which Laravel discovers. */
final class ServiceProvider extends Provider
{
    private const OWN = ['webhook_path', 'journal'];

    public function register(): void
    {
        $this->mergeConfigFrom(__DIR__ . '/config/kopokopo.php', 'kopokopo');
        $this->app->singleton(Client::class, static function (Application $app): Client {
            $config = $app['config']['kopokopo'];
            $store = $config['journal'] === null ? null : self::store($app, $config['journal']);

            return Clients::make(\array_diff_key($config, \array_flip(self::OWN)), $store, $app->make('log'));
        });
        $this->app->bind(WebhookVerifier::class, static fn (Application $app) => $app->make(Client::class)->webhooks);
        $this->app->bind(Journal::class, static fn (Application $app) => $app->make(Client::class)->journal);
        $this->app->singleton(Receiver::class, static fn (Application $app) => new Receiver(
            verifier: $app->make(WebhookVerifier::class),
            journal: $app['config']['kopokopo']['journal'] === null ? null : $app->make(Journal::class),
            logger: $app->make('log'),
        ));
    }

    public function boot(): void
    {
        $this->publishes([__DIR__ . '/config/kopokopo.php' => $this->app->configPath('kopokopo.php')], 'kopokopo-config');
        $this->publishes(
            [__DIR__ . '/migrations/kopokopo.php' => $this->app->databasePath('migrations/2024_01_01_000000_create_kopokopo_tables.php')],
            'kopokopo-migrations',
        );
        $this->app['router']->aliasMiddleware('kopokopo.webhook', VerifyWebhook::class);
        if ($this->app['config']['kopokopo']['webhook_path'] !== null) {
            $this->loadRoutesFrom(__DIR__ . '/routes.php');
        }
    }

    private static function store(Application $app, string $connection): PdoJournal
    {
        $options = $app['config']['database']['connections'][$connection] ?? throw new ConfigurationException(
            "journal: config/database.php has no connection {$connection}",
            field: 'journal',
        );
        // Not the connection of the program: a rollback of the program must not remove the record of a sent request.
        $connect = static fn () => $app->make('db.factory')->make($options, 'kopokopo-journal')->getPdo();

        return new PdoJournal($connect, createTables: false);
    }
}
