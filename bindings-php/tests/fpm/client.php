<?php

require_once __DIR__ . '/../../php/autoload.php';

// As a program without a framework does: a client in each request.
return KopoKopo\Client::fromEnv();
