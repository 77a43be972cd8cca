<?php

// Builds the extension for the PHP that runs this, as it is published, and prints where it is: `php build.php [TARGET FOLDER]`.

declare(strict_types=1);

$root = \dirname(__DIR__);
$target = $argv[1] ?? __DIR__ . '/target';
$cargo = \getenv('CARGO_HOME') ?: \getenv('HOME') . '/.cargo';
// The text of a panic has the path of its source, which is no business of those who install it.
$flags = ["--remap-path-prefix={$cargo}=/cargo", "--remap-path-prefix={$root}=/kopokopo"];
$command = ['cargo', 'build', '--release', '--locked', '--manifest-path', __DIR__ . '/Cargo.toml', '--target-dir', $target];
$environment = ['CARGO_ENCODED_RUSTFLAGS' => \implode("\x1f", $flags), 'PHP' => \PHP_BINARY] + \getenv();
$process = \proc_open($command, [\STDIN, ['file', 'php://stderr', 'w'], ['file', 'php://stderr', 'w']], $pipes, $root, $environment);
if (\proc_close($process) !== 0) {
    exit(1);
}
echo \realpath($target), "/release/libkopokopo_php.so\n";
