<?php

declare(strict_types=1);

namespace KopoKopo\Testing;

use KopoKopo\Client;
use KopoKopo\Testing\Internal\Shared;
use PHPUnit\Framework\Attributes\After;
use PHPUnit\Framework\Attributes\Before;

/**
 * For test cases of PHPUnit: a sandbox that is empty when a test begins, and a client of it.
 *
 * Each process has one sandbox. It starts when a test first needs it.
 */
trait UsesSandbox
{
    private ?Sandbox $usedK2Sandbox = null;

    private ?Client $usedK2Client = null;

    /**
     * The options of `Sandbox::start`. Override it to give others.
     *
     * @return array<string, mixed>
     */
    protected static function k2SandboxOptions(): array
    {
        return [];
    }

    /** The sandbox. */
    protected function k2Sandbox(): Sandbox
    {
        return $this->usedK2Sandbox ??= Shared::take(static::k2SandboxOptions());
    }

    /** A client of the sandbox. */
    protected function k2(): Client
    {
        return $this->usedK2Client ??= $this->k2Sandbox()->client();
    }

    /**
     * Code that is tested can have a client from an earlier test, so a test begins anew although it does not name the sandbox.
     *
     * @internal
     *
     * @before
     */
    #[Before]
    protected function beginK2Test(): void
    {
        if (Shared::isStarted(static::k2SandboxOptions())) {
            $this->k2Sandbox();
        }
    }

    /**
     * PHPUnit keeps test cases until it ends.
     *
     * @internal
     *
     * @after
     */
    #[After]
    protected function endK2Test(): void
    {
        $this->usedK2Sandbox = $this->usedK2Client = null;
    }
}
