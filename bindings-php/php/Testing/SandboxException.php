<?php

declare(strict_types=1);

namespace KopoKopo\Testing;

/** The sandbox did not start, has ended, or refused a call of its control API. */
final class SandboxException extends \RuntimeException
{
}
