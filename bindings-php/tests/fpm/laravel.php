<?php

// An application of Laravel that handles the request of PHP-FPM.

require_once __DIR__ . '/../Support/load.php';

$laravel = new K2Test\Support\LaravelApp(getenv('SHOP_FOLDER') . '/laravel', ['kopokopo' => ['webhook_path' => 'laravel.php']]);
$handle = require __DIR__ . '/handler.php';
Illuminate\Support\Facades\Event::listen(static function (KopoKopo\Laravel\WebhookReceived $received) use ($handle): void {
    $handle($received->event);
});
// The path of the request is the script.
$_SERVER['SCRIPT_NAME'] = $_SERVER['SCRIPT_FILENAME'] = '/index.php';
$laravel->app->make(Illuminate\Contracts\Http\Kernel::class)->handle(Illuminate\Http\Request::capture())->send();
