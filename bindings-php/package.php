<?php

// Makes what is published, and tries it where nothing else is: `php package.php FOLDER PACKAGES`. For PIE, an archive with the
// extension for the PHP of this machine, and one for that of Debian trixie, for which Debian's PACKAGES are installed in a root. The
// content of the two Composer packages, kopokopo/kopokopo and kopokopo/ext-kopokopo.

declare(strict_types=1);

const ROOT = __DIR__ . '/..';
// Debian 12, Ubuntu 22.04 and RHEL 9 have it or a newer one.
const GLIBC = '2.34';
const LIBRARIES = ['libc.so.6', 'libgcc_s.so.1', 'libm.so.6', 'ld-linux-x86-64.so.2'];
// What PHP looks for, and the name under which ext-php-rs exports it again, for a PHP that is linked with the extension.
const EXPORTS = ['get_module', 'kopokopo_php_get_module'];
// What php-ext can have, and what PIE expects of an extension that is not compiled when it is installed.
const PHP_EXT = [
    'extension-name' => 'kopokopo', 'support-zts' => false, 'support-nts' => true, 'os-families' => ['linux'],
    'download-url-method' => ['pre-packaged-binary'],
];

function fail(string $text): never
{
    \fwrite(\STDERR, "{$text}\n");
    exit(1);
}

/**
 * Runs a command. Returns its output and its exit status.
 *
 * @param list<string> $command
 * @param array<string, string> $environment
 * @return array{string, int}
 */
function started(array $command, array $environment = [], ?string $folder = null): array
{
    $process = \proc_open($command, [['file', '/dev/null', 'r'], ['pipe', 'w'], ['redirect', 1]], $pipes, $folder ?? ROOT, $environment + \getenv());
    $output = (string) \stream_get_contents($pipes[1]);

    return [$output, \proc_close($process)];
}

/** @see started() Fails if the command fails. */
function run(array $command, array $environment = [], ?string $folder = null): string
{
    [$output, $status] = started($command, $environment, $folder);

    return $status === 0 ? $output : fail(\implode(' ', $command) . ":\n{$output}");
}

/** Runs a command in the Debian root. Returns null if it cannot be made here. */
function in_trixie(string ...$command): ?string
{
    global $argv;
    [$output, $status] = started(['sh', 'tests/in-trixie.sh', $argv[2], ...$command]);

    return match ($status) {
        0 => $output,
        77 => null,
        default => fail(\implode(' ', $command) . " in Debian trixie:\n{$output}"),
    };
}

function version(): string
{
    \preg_match('/^version = "(.+)"$/m', (string) \file_get_contents(ROOT . '/Cargo.toml'), $found);

    return $found[1];
}

function temporary(string $parent): string
{
    $folder = $parent . '/k2-package-' . \bin2hex(\random_bytes(6));
    \mkdir($folder);
    \register_shutdown_function(static fn () => \exec('rm -rf ' . \escapeshellarg($folder)));

    return $folder;
}

/** The library loads on the systems that it is for, and has no traces of this one. */
function inspect(string $library): void
{
    $bytes = (string) \file_get_contents($library);
    \str_starts_with($bytes, "\x7fELF\x02") || fail("{$library} is no ELF file of 64 bits");
    $dynamic = run(['readelf', '--wide', '--dynamic', $library]);
    \preg_match('/\((RPATH|RUNPATH)\)/', $dynamic, $found) === 0 || fail("{$library} has a {$found[1]}");
    \preg_match_all('/\(NEEDED\).*\[(.+)\]/', $dynamic, $needed);
    $unknown = \array_diff($needed[1], LIBRARIES);
    $unknown === [] || fail("{$library} needs " . \implode(', ', $unknown));
    $symbols = \explode("\n", \trim(run(['nm', '--dynamic', '--defined-only', '--format=just-symbols', $library])));
    $symbols === EXPORTS || fail("{$library} exports " . \implode(', ', $symbols) . '; expected ' . \implode(', ', EXPORTS));
    \preg_match_all('/GLIBC_(2\.\d+)/', run(['readelf', '--wide', '--version-info', $library]), $found);
    \usort($found[1], \version_compare(...));
    $newest = \end($found[1]);
    \version_compare($newest, GLIBC, '<=') || fail("{$library} needs glibc {$newest}; expected " . GLIBC . ' or older');
    foreach (\array_filter([(string) \realpath(ROOT), (string) \getenv('HOME'), (string) \getenv('CARGO_HOME')]) as $path) {
        // A short one, such as /root, can be a part of other text.
        !\str_contains($bytes, "{$path}/") || fail("{$library} contains the path {$path}");
    }
    echo \basename($library), ': ', \strlen($bytes), " bytes, exports ", \implode(', ', $symbols), ", needs glibc {$newest} and ", \implode(', ', $needed[1]), "\n";
}

/** Puts an extension into an archive with the name that PIE looks for. */
function archive(string $library, string $php, string $folder): string
{
    inspect($library);
    $name = \sprintf('php_kopokopo-%s_php%s-%s-linux-glibc-nts.zip', version(), $php, \php_uname('m'));
    $source = temporary(\sys_get_temp_dir());
    \copy($library, "{$source}/kopokopo.so");
    foreach (['LICENSE-MIT', 'LICENSE-APACHE'] as $file) {
        \copy(ROOT . "/{$file}", "{$source}/{$file}");
    }
    run(['zip', '-9', '-X', '--quiet', '--recurse-paths', "{$folder}/{$name}", '.'], [], $source);

    return "{$folder}/{$name}";
}

/** Puts the files of a Composer package into an archive, and checks its composer.json. */
function package(string $name, array $files, string $folder): string
{
    $source = temporary(\sys_get_temp_dir());
    foreach ($files as $to => $from) {
        @\mkdir(\dirname("{$source}/{$to}"), recursive: true);
        \copy($from, "{$source}/{$to}");
    }
    check_metadata("{$source}/composer.json");
    $path = "{$folder}/{$name}-" . version() . '.zip';
    run(['zip', '-9', '-X', '--quiet', '--recurse-paths', $path, '.'], [], $source);

    return $path;
}

function check_metadata(string $file): void
{
    $metadata = \json_decode((string) \file_get_contents($file), true, 16, \JSON_THROW_ON_ERROR);
    if ($metadata['type'] === 'php-ext') {
        ($metadata['php-ext'] ?? null) === PHP_EXT || fail("php-ext of {$file} is not what PIE expects");
        // Composer before 2.8 does not know this section.
        unset($metadata['php-ext']);
    }
    $checked = temporary(\sys_get_temp_dir()) . '/composer.json';
    \file_put_contents($checked, \json_encode($metadata, \JSON_THROW_ON_ERROR));
    echo $metadata['name'], ': ', run(['composer', 'validate', '--strict', '--no-interaction', $checked], composer_environment(\dirname($checked)));
}

/** @return array<string, string> */
function composer_environment(string $home): array
{
    return ['COMPOSER_HOME' => $home, 'COMPOSER_DISABLE_NETWORK' => '1', 'COMPOSER_ALLOW_SUPERUSER' => '1'];
}

/** @return array<string, string> Where the files of the package kopokopo/kopokopo are. */
function sources(): array
{
    $listed = \explode("\n", \trim(run(['git', 'ls-files', '--cached', '--others', '--exclude-standard', 'bindings-php'])));
    $files = [];
    foreach ($listed as $path) {
        $name = \substr($path, \strlen('bindings-php/'));
        if (\preg_match('#^(php|stubs|examples)/|^(composer\.json|README\.md)$#', $name) && \is_file(ROOT . "/{$path}")) {
            $files[$name] = ROOT . "/{$path}";
        }
    }

    return $files + licenses();
}

/** @return array<string, string> */
function licenses(): array
{
    return ['LICENSE-MIT' => ROOT . '/LICENSE-MIT', 'LICENSE-APACHE' => ROOT . '/LICENSE-APACHE'];
}

/** Installs the archives in an empty folder as a user does, and tries them with a sandbox, and with PHP-FPM and nginx. */
function attempt(string $extension, string $package): void
{
    $home = temporary(\sys_get_temp_dir());
    run(['unzip', '-q', $extension, '-d', "{$home}/extension"]);
    run(['unzip', '-q', $package, '-d', "{$home}/package"]);
    \mkdir("{$home}/conf.d");
    \file_put_contents("{$home}/conf.d/kopokopo.ini", "extension={$home}/extension/kopokopo.so\n");
    \mkdir("{$home}/project");
    \file_put_contents("{$home}/project/composer.json", \json_encode([
        'repositories' => [['type' => 'path', 'url' => '../package', 'options' => ['symlink' => false]], ['packagist.org' => false]],
        'require' => ['kopokopo/kopokopo' => '@dev'],
    ]));
    $install = ['composer', 'install', '--no-interaction', '--no-progress'];
    [$output, $status] = started($install, composer_environment("{$home}/composer"), "{$home}/project");
    $status !== 0 && \str_contains($output, 'ext-kopokopo') || fail("Composer does not say that the extension is missing:\n{$output}");
    $environment = ['PHP_INI_SCAN_DIR' => ":{$home}/conf.d"];
    run($install, $environment + composer_environment("{$home}/composer"), "{$home}/project");
    $alone = ['PHP_INI_SCAN_DIR' => "{$home}/conf.d"];
    echo run([\PHP_BINARY, __DIR__ . '/tests/installed.php', "{$home}/project"], $alone, $home);
    $tests = 'testWebhooks|testConnectionsOutliveRequests|testGracefulStop|testMemoryOfAWorker';
    $phpunit = ['sh', 'bindings-php/php.sh', '/usr/bin/phpunit', '--no-configuration', '--do-not-cache-result', '--filter', $tests];
    $output = run([...$phpunit, 'bindings-php/tests/FpmTest.php'], ['K2_PHP_EXTENSION' => "{$home}/extension/kopokopo.so"]);
    \preg_match('/^memory of a worker: .*? MiB/m', $output, $memory);
    \preg_match('/^(OK \(.*|Tests: .*)$/m', $output, $found) === 1 || fail($output);
    echo "with PHP-FPM and nginx: {$found[0]}; {$memory[0]} more with the package\n";
}

/** PHP itself refuses an extension for another version, and the package says which one to install. */
function refused(string $extension): void
{
    $home = temporary(\sys_get_temp_dir());
    run(['unzip', '-q', $extension, '-d', $home]);
    $code = 'require $argv[1]; try { KopoKopo\version(); } catch (KopoKopo\Exception\ConfigurationException $error) { echo $error->getMessage(); }';
    $command = [\PHP_BINARY, '-d', "extension={$home}/kopokopo.so", '-d', 'display_startup_errors=1', '-r', $code, '--', __DIR__ . '/php/autoload.php'];
    $output = run($command);
    $php = \PHP_MAJOR_VERSION . '.' . \PHP_MINOR_VERSION;
    foreach (['Module compiled with module API=', "install its build for PHP {$php} NTS"] as $text) {
        \str_contains($output, $text) || fail("an extension for another PHP is not refused with {$text}:\n{$output}");
    }
    echo "an extension for another PHP is refused:\n", \preg_replace('/^/m', '    ', \trim($output)), "\n";
}

if (($argv[1] ?? '') === '--try') {
    attempt($argv[2], $argv[3]);
    exit;
}

foreach (['composer', 'zip', 'unzip', 'readelf', 'nm'] as $tool) {
    started(['sh', '-c', "command -v {$tool}"])[1] === 0 || fail("{$tool} is missing: apt-get install composer zip unzip binutils");
}
@\mkdir($argv[1], recursive: true);
$folder = (string) \realpath($argv[1]);
$extension = ['composer.json' => __DIR__ . '/ext/composer.json', 'README.md' => __DIR__ . '/README.md'] + licenses();
package('kopokopo-ext-kopokopo', $extension, $folder);
$package = package('kopokopo-kopokopo', sources(), $folder);

$built = \explode("\n", \trim(run([\PHP_BINARY, __DIR__ . '/build.php'])));
$own = archive(\end($built), \PHP_MAJOR_VERSION . '.' . \PHP_MINOR_VERSION, $folder);
attempt($own, $package);
$built = in_trixie('php', 'bindings-php/build.php', '.tools/trixie-php');
if ($built === null) {
    echo "left out: the extension for the PHP of Debian trixie, because no Debian root can be made here\n";
    exit;
}
$built = \explode("\n", \trim($built));
$php = \trim((string) in_trixie('php', '-n', '-r', 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;'));
$next = archive(\end($built), $php, $folder);
// The root has the repository, and may not have this folder.
$shared = temporary(ROOT . '/.tools');
foreach ([$next, $package] as $file) {
    \copy($file, $shared . '/' . \basename($file));
}
echo in_trixie('php', 'bindings-php/package.php', '--try', $shared . '/' . \basename($next), $shared . '/' . \basename($package));
refused($next);
