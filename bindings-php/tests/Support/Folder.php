<?php

declare(strict_types=1);

namespace K2Test\Support;

/** A temporary folder, which is removed when the process ends. */
final class Folder
{
    public static function make(): string
    {
        $folder = \sys_get_temp_dir() . '/k2-php-' . \bin2hex(\random_bytes(6));
        \mkdir($folder);
        $process = \getmypid();
        // A forked child must not remove it.
        \register_shutdown_function(static fn () => \getmypid() === $process && self::remove($folder));

        return $folder;
    }

    private static function remove(string $folder): void
    {
        $files = new \RecursiveIteratorIterator(
            new \RecursiveDirectoryIterator($folder, \FilesystemIterator::SKIP_DOTS),
            \RecursiveIteratorIterator::CHILD_FIRST,
        );
        foreach ($files as $file) {
            $file->isDir() && !$file->isLink() ? \rmdir((string) $file) : \unlink((string) $file);
        }
        \rmdir($folder);
    }
}
