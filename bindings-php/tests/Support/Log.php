<?php

declare(strict_types=1);

namespace K2Test\Support;

use Psr\Log\AbstractLogger;

/** Keeps what is logged. */
final class Log extends AbstractLogger
{
    private static ?self $shared = null;

    /** @var list<string> */
    public array $lines = [];

    public static function shared(): self
    {
        return self::$shared ??= new self();
    }

    public function log($level, $message, array $context = []): void
    {
        $this->lines[] = "{$level}: {$message}";
    }

    /** Returns the lines, and forgets them. */
    public function take(): string
    {
        $text = \implode("\n", $this->lines);
        $this->lines = [];

        return $text;
    }
}
