<?php

// Prints the version of PHP if everything is here that the tests and the build need. Otherwise says what is missing.

declare(strict_types=1);

const EXTENSIONS = ['dom', 'json', 'mbstring', 'mysqli', 'pcntl', 'pdo_mysql', 'pdo_pgsql', 'pdo_sqlite', 'pgsql', 'posix', 'tokenizer', 'xml'];

$missing = \array_values(\array_filter(EXTENSIONS, static fn (string $name) => !\extension_loaded($name)));
$php = \PHP_MAJOR_VERSION . '.' . \PHP_MINOR_VERSION;
if (!\in_array($php, ['8.2', '8.4'], true) || \PHP_ZTS) {
    $missing[] = 'PHP 8.2 or 8.4 without thread safety';
}
$files = [
    'phpunit' => '/usr/bin/phpunit',
    'php-phpstan-phpdoc-parser' => \stream_resolve_include_path('PHPStan/PhpDocParser/autoload.php'),
    "the headers of PHP (php{$php}-dev)" => \trim((string) \shell_exec('php-config --include-dir 2>/dev/null')) . '/main/php.h',
];
foreach ($files as $name => $file) {
    if ($file === false || !\is_file($file)) {
        $missing[] = $name;
    }
}
$web = [
    "php{$php}-fpm" => "/usr/sbin/php-fpm{$php}",
    'nginx-light' => '/usr/sbin/nginx',
    'php-nyholm-psr7' => '/usr/share/php/Nyholm/Psr7/autoload.php',
    'php-guzzlehttp-psr7' => '/usr/share/php/GuzzleHttp/Psr7/autoload.php',
    'php-psr-log' => '/usr/share/php/Psr/Log/autoload.php',
    'php-symfony-framework-bundle' => '/usr/share/php/Symfony/Bundle/FrameworkBundle/autoload.php',
    'php-symfony-messenger' => '/usr/share/php/Symfony/Component/Messenger/autoload.php',
    'php-symfony-yaml' => '/usr/share/php/Symfony/Component/Yaml/autoload.php',
    'php-laravel-framework' => '/usr/share/php/Illuminate/Foundation/Application.php',
    'wordpress' => '/usr/share/wordpress/wp-settings.php',
];
foreach ($web as $name => $file) {
    if (!\is_file($file)) {
        $missing[] = $name;
    }
}
if (\glob('/usr/lib/llvm-*/lib/libclang*.so*') === [] && \getenv('LIBCLANG_PATH') === false) {
    $missing[] = 'libclang';
}
if ($missing !== []) {
    \fwrite(\STDERR, 'missing: ' . \implode(', ', $missing) . "\n");
    exit(1);
}
echo 'PHP ', \PHP_VERSION, "\n";
