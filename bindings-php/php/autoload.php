<?php

// Loads the package where there is no Composer.

declare(strict_types=1);

foreach (['Record', 'OpenEnum', 'Failure', 'Native'] as $name) {
    require_once __DIR__ . "/Internal/{$name}.php";
}
// One file of these has many classes.
foreach (['Enums', 'Exceptions', 'Records', 'Unions', 'Client', 'Functions'] as $name) {
    require_once __DIR__ . "/Generated/{$name}.php";
}
\spl_autoload_register(static function (string $class): void {
    $file = __DIR__ . \strtr(\substr($class, \strlen('KopoKopo')), '\\', '/') . '.php';
    if (\str_starts_with($class, 'KopoKopo\\') && \is_file($file)) {
        require_once $file;
    } elseif (\str_starts_with($class, 'KopoKopo\\Testing\\')) {
        require_once __DIR__ . '/Testing/Generated/Words.php';
        require_once __DIR__ . '/Testing/Generated/Records.php';
    }
});
