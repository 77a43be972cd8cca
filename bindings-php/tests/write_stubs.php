<?php

// Writes `stubs/kopokopo.php` for the extension that is loaded.

declare(strict_types=1);

require __DIR__ . '/Stubs.php';
\file_put_contents(__DIR__ . '/../stubs/kopokopo.php', Stubs::of('kopokopo'));
