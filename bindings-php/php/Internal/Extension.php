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

    private static bool $isChecked = false;

    public static function check(): void
    {
        if (self::$isChecked) {
            return;
        }
        $loaded = \phpversion('kopokopo');
        if ($loaded === false) {
            throw self::refuse(\sprintf(
                'the PHP extension kopokopo is not loaded: add "extension=kopokopo" to the configuration of PHP %d.%d, and '
                . 'restart PHP. This process has read: %s',
                \PHP_MAJOR_VERSION,
                \PHP_MINOR_VERSION,
                \php_ini_loaded_file() ?: 'no php.ini',
            ));
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

    private static function refuse(string $remedy): ConfigurationException
    {
        return new ConfigurationException("extension: {$remedy}", field: 'extension');
    }
}
