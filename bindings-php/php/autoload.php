<?php

// Loads the package where there is no Composer.

declare(strict_types=1);

foreach (['Record', 'OpenEnum', 'Failure', 'Handler', 'Native', 'Calls'] as $name) {
    require_once __DIR__ . "/Internal/{$name}.php";
}
require_once __DIR__ . '/AccessToken.php';
foreach (['Enums', 'Exceptions', 'Records', 'Unions', 'Client', 'Functions'] as $name) {
    require_once __DIR__ . "/Generated/{$name}.php";
}
