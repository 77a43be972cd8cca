<?php

use Illuminate\Support\Facades\Route;
use KopoKopo\Laravel\WebhookController;

// In no group of middleware: it has no session and no CSRF token, because the signature takes their place.
Route::post(config('kopokopo.webhook_path'), WebhookController::class)->name('kopokopo.webhook');
