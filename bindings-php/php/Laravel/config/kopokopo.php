<?php

// The options of KopoKopo\Client. Options that are null have their default.

return [
    'client_id' => env('K2_CLIENT_ID'),
    'client_secret' => env('K2_CLIENT_SECRET'),
    'api_key' => env('K2_API_KEY'),
    // The old key, while keys rotate.
    'other_api_keys' => [],
    // sandbox, or production: real money.
    'environment' => env('K2_ENVIRONMENT', 'sandbox'),
    // Replaces the environment's origin, such as `k2 sandbox` on your machine.
    'base_url' => env('K2_BASE_URL'),
    // Seconds.
    'timeout' => null,
    'max_retries' => null,

    // The path of the route that receives webhooks and results, named `kopokopo.webhook`. Null for no route.
    'webhook_path' => 'kopokopo/webhook',

    // The connection of config/database.php in which creates with an idempotency key happen once, such as `mysql`. It is
    // opened another time for the journal alone. First publish and run the migration. Null for no journal.
    'journal' => null,
];
