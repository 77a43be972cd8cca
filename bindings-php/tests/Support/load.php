<?php

// Loads the package, and the frameworks as Debian packages them.

declare(strict_types=1);

require_once __DIR__ . '/../../php/autoload.php';
require_once __DIR__ . '/binary.php';
foreach (['Nyholm/Psr7', 'GuzzleHttp/Psr7', 'Psr/Log', 'Symfony/Bundle/FrameworkBundle', 'Symfony/Component/Messenger', 'Illuminate'] as $library) {
    require_once "/usr/share/php/{$library}/autoload.php";
}
if (!\class_exists(Composer\InstalledVersions::class)) {
    require_once __DIR__ . '/InstalledVersions.php';
}
\spl_autoload_register(static function (string $class): void {
    $file = __DIR__ . '/' . \substr($class, \strlen('K2Test\\Support\\')) . '.php';
    if (\str_starts_with($class, 'K2Test\\Support\\') && \is_file($file)) {
        require_once $file;
    } elseif (\str_starts_with($class, 'Psr\\Http\\Server\\')) {
        require_once __DIR__ . '/Psr15.php';
    }
});
