<?php

declare(strict_types=1);

namespace KopoKopo\Testing\Internal;

use KopoKopo\Testing\SandboxException;

/**
 * Finds the program that has the sandbox: `k2`.
 *
 * @internal
 */
final class Binary
{
    private const VARIABLE = 'K2_SANDBOX_BIN';

    /** Seconds. The program prints its version at once, but a machine can be loaded. */
    private const PROBE_TIMEOUT = 30.0;

    private const REMEDY = 'install k2 with `cargo install --path cli` in https://github.com/kopokopo-sdk/kopokopo, or take it from an '
        . 'archive of its releases, and set ' . self::VARIABLE . ' to the path of k2, or have it on the PATH';

    /** @throws SandboxException if no sandbox is installed, or a path does not exist */
    public static function find(?string $binary): string
    {
        foreach (['binary' => $binary, self::VARIABLE => \getenv(self::VARIABLE)] as $source => $path) {
            if ((string) $path !== '') {
                return self::which((string) $path) ?? throw new SandboxException("{$source}: {$path} is not a program: expected the path of k2");
            }
        }
        $found = self::which('k2') ?? throw new SandboxException('the sandbox is not installed: ' . self::REMEDY);
        if (!self::isOurs($found)) {
            throw new SandboxException("{$found} is another program with the same name, not the sandbox: " . self::REMEDY);
        }

        return $found;
    }

    private static function which(string $name): ?string
    {
        $folders = \str_contains($name, '/') ? [null] : \array_filter(\explode(\PATH_SEPARATOR, (string) \getenv('PATH')));
        foreach ($folders as $folder) {
            $path = $folder === null ? $name : "{$folder}/{$name}";
            if (\is_file($path) && \is_executable($path)) {
                return $path;
            }
        }

        return null;
    }

    private static function isOurs(string $path): bool
    {
        try {
            $child = new Child([$path, '--version']);
        } catch (SandboxException) {
            return false;
        }
        try {
            return \str_contains((string) $child->firstLine(self::PROBE_TIMEOUT), '(kopokopo)');
        } catch (SandboxException) {
            return false;
        } finally {
            $child->close(9);
        }
    }
}
