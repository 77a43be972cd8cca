<?php

// Prints the version of PHP if everything is here that the tests and the build need. Otherwise says what is missing.

declare(strict_types=1);

const EXTENSIONS = ['dom', 'json', 'mbstring', 'pcntl', 'pdo_mysql', 'pdo_pgsql', 'pdo_sqlite', 'pgsql', 'posix', 'tokenizer', 'xml'];

$missing = \array_values(\array_filter(EXTENSIONS, static fn (string $name) => !\extension_loaded($name)));
$isBuilt = \PHP_MAJOR_VERSION === 8 && \PHP_MINOR_VERSION === 2 && !\PHP_ZTS;
if (!$isBuilt) {
    $missing[] = 'PHP 8.2 without thread safety';
}
$files = [
    'phpunit' => '/usr/bin/phpunit',
    'php-phpstan-phpdoc-parser' => \stream_resolve_include_path('PHPStan/PhpDocParser/autoload.php'),
    "the headers of PHP (php8.2-dev)" => \trim((string) \shell_exec('php-config --include-dir 2>/dev/null')) . '/main/php.h',
];
foreach ($files as $name => $file) {
    if ($file === false || !\is_file($file)) {
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
