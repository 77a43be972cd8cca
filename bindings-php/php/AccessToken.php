<?php

declare(strict_types=1);

namespace KopoKopo;

use KopoKopo\Internal\Record;

/** A token from a token source, and the number of seconds for which it is valid from now, if that is known. */
final readonly class AccessToken extends Record
{
    /** @internal */
    public const HIDDEN = ['token' => 'secret'];

    public function __construct(#[\SensitiveParameter] public string $token, public ?float $expiresIn = null)
    {
    }
}
