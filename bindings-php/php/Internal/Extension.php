<?php

declare(strict_types=1);

namespace KopoKopo\Internal;

use KopoKopo\Exception\ConfigurationException;

/**
 * Whether the extension is loaded, and is of the same version as these files.
 *
 * @internal
 */
final class Extension
{
    public const VERSION = '0.1.0';

    /** The versions of PHP that the extension is built for. */
    private const BUILT = ['8.2', '8.4'];

    private static bool $isChecked = false;

    public static function check(): void
    {
        if (self::$isChecked) {
            return;
        }
        $loaded = \phpversion('kopokopo');
        if ($loaded === false) {
            throw self::refuse(self::missing(\PHP_MAJOR_VERSION . '.' . \PHP_MINOR_VERSION, (bool) \PHP_ZTS));
        }
        $result = \function_exists(__NAMESPACE__ . '\native_function') ? native_function('contract_hash', []) : null;
        $hash = \is_array($result) && \is_string($result[0] ?? null) ? $result[0] : 'unknown';
        if ($loaded !== self::VERSION || $hash !== \KopoKopo\CONTRACT_HASH) {
            throw self::refuse(\sprintf(
                'the PHP extension kopokopo is of version %s (contract %s), and the package kopokopo/kopokopo of another build, '
                . 'version %s (contract %s): install the same version of both, and restart PHP',
                $loaded,
                $hash,
                self::VERSION,
                \KopoKopo\CONTRACT_HASH,
            ));
        }
        self::$isChecked = true;
    }

    /** What to do if the extension is missing. A build works with one minor version of PHP, and PHP itself refuses others. */
    private static function missing(string $php, bool $hasThreads): string
    {
        if ($hasThreads) {
            return "the PHP extension kopokopo does not support thread safety (ZTS): use a PHP {$php} without it (NTS)";
        }
        if (!\in_array($php, self::BUILT, true)) {
            $built = \implode(' and ', self::BUILT);

            return "the PHP extension kopokopo is not loaded, and is published for PHP {$built} only: use one of these, or build it for PHP {$php}";
        }

        return \sprintf(
            'the PHP extension kopokopo is not loaded: install its build for PHP %s NTS, add "extension=kopokopo" to the configuration, '
            . 'and restart PHP. This process has read: %s',
            $php,
            \php_ini_loaded_file() ?: 'no php.ini',
        );
    }

    private static function refuse(string $remedy): ConfigurationException
    {
        return new ConfigurationException("extension: {$remedy}", field: 'extension');
    }
}
