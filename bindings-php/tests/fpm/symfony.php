<?php

// An application of Symfony that handles the request of PHP-FPM.

require_once __DIR__ . '/../Support/load.php';

$_ENV += getenv();
$folder = getenv('SHOP_FOLDER') . '/symfony';
is_dir($folder) || mkdir($folder);
$kernel = new K2Test\Support\SymfonyApp($folder, [], hasLogger: false);
$kernel->handler = require __DIR__ . '/handler.php';
// The path of the request is the script.
$_SERVER['SCRIPT_NAME'] = $_SERVER['SCRIPT_FILENAME'] = '/index.php';
$_SERVER['REQUEST_URI'] = '/k2/results';
$kernel->handle(Symfony\Component\HttpFoundation\Request::createFromGlobals())->send();
