<?php

declare(strict_types=1);

namespace K2Test\Support;

use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Http\Kernel as KernelContract;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Exceptions\Handler;
use Illuminate\Foundation\Http\Kernel;
use Illuminate\Http\Request;

/** An application of Laravel in a temporary folder, in which Composer has installed the package. */
final class LaravelApp
{
    public readonly Application $app;

    /** @param array<string, mixed> $config */
    public function __construct(public readonly string $folder, array $config = [])
    {
        foreach (['bootstrap/cache', 'config', 'storage/logs', 'storage/framework/views', 'resources/views', 'vendor/composer', 'database/migrations'] as $part) {
            @\mkdir("{$folder}/{$part}", 0o777, true);
        }
        $package = \json_decode((string) \file_get_contents(__DIR__ . '/../../composer.json'), true);
        \file_put_contents("{$folder}/vendor/composer/installed.json", \json_encode(['packages' => [$package]]));
        $files = [
            'app' => [
                'name' => 'shop', 'env' => 'testing', 'debug' => false, 'url' => 'http://shop.example', 'timezone' => 'UTC',
                'locale' => 'en', 'fallback_locale' => 'en', 'key' => 'base64:' . \base64_encode(\random_bytes(32)),
                'cipher' => 'AES-256-CBC', 'providers' => self::providers(),
            ],
            'logging' => ['default' => 'single', 'channels' => ['single' => ['driver' => 'single', 'path' => "{$folder}/storage/logs/laravel.log"]]],
            'view' => ['paths' => ["{$folder}/resources/views"], 'compiled' => "{$folder}/storage/framework/views"],
            'database' => ['default' => 'sqlite', 'connections' => ['sqlite' => ['driver' => 'sqlite', 'database' => "{$folder}/shop.db", 'prefix' => '']], 'migrations' => 'migrations'],
            'queue' => ['default' => 'sync', 'connections' => ['sync' => ['driver' => 'sync']]],
            'cache' => ['default' => 'array', 'stores' => ['array' => ['driver' => 'array', 'serialize' => false]]],
            'session' => ['driver' => 'array', 'lifetime' => 120, 'cookie' => 'shop', 'path' => '/', 'domain' => null, 'expire_on_close' => false, 'encrypt' => false, 'lottery' => [0, 100]],
        ] + $config;
        foreach ($files as $name => $content) {
            \file_put_contents("{$folder}/config/{$name}.php", '<?php return ' . \var_export($content, true) . ';');
        }
        $this->app = new Application($folder);
        $this->app->singleton(KernelContract::class, Kernel::class);
        $this->app->singleton(\Illuminate\Contracts\Console\Kernel::class, \Illuminate\Foundation\Console\Kernel::class);
        $this->app->singleton(ExceptionHandler::class, Handler::class);
        $this->app->instance('request', Request::create('http://shop.example'));
        $this->app->make(KernelContract::class)->bootstrap();
        // As the provider of routes in each application does.
        $this->app['router']->getRoutes()->refreshNameLookups();
        // Laravel replaces PHP's handlers of errors, which belong to the test.
        \restore_error_handler();
        \restore_exception_handler();
    }

    /** @return list<class-string> */
    private static function providers(): array
    {
        return [
            \Illuminate\Bus\BusServiceProvider::class, \Illuminate\Cache\CacheServiceProvider::class,
            \Illuminate\Foundation\Providers\ConsoleSupportServiceProvider::class, \Illuminate\Cookie\CookieServiceProvider::class,
            \Illuminate\Database\DatabaseServiceProvider::class, \Illuminate\Encryption\EncryptionServiceProvider::class,
            \Illuminate\Filesystem\FilesystemServiceProvider::class, \Illuminate\Foundation\Providers\FoundationServiceProvider::class,
            \Illuminate\Pipeline\PipelineServiceProvider::class, \Illuminate\Queue\QueueServiceProvider::class,
            \Illuminate\Session\SessionServiceProvider::class, \Illuminate\Translation\TranslationServiceProvider::class,
            \Illuminate\Validation\ValidationServiceProvider::class, \Illuminate\View\ViewServiceProvider::class,
        ];
    }

    /** @param array<string, string> $server */
    public function request(string $method, string $path, string $body = '', array $server = []): \Symfony\Component\HttpFoundation\Response
    {
        return $this->app->make(KernelContract::class)->handle(Request::create($path, $method, [], [], [], $server, $body));
    }

    public function log(): string
    {
        $file = "{$this->folder}/storage/logs/laravel.log";

        return \is_file($file) ? (string) \file_get_contents($file) : '';
    }
}
