<?php

declare(strict_types=1);

namespace KopoKopo\Symfony;

use KopoKopo\Client;
use KopoKopo\Internal\Native;
use Psr\Log\LoggerInterface;

/**
 * Makes a client of the options in a framework's configuration, whose names are in snake case.
 *
 * @internal
 */
final class Clients
{
    /**
     * @param array<string, mixed> $options Null and empty options have their default.
     * @param (callable(string): string)|null $store
     */
    public static function make(#[\SensitiveParameter] array $options, ?callable $store = null, ?LoggerInterface $logger = null): Client
    {
        $given = [];
        foreach ($options as $name => $value) {
            if ($value !== null && $value !== '') {
                $given[\lcfirst(\str_replace('_', '', \ucwords($name, '_')))] = match (true) {
                    \str_ends_with($name, '_timeout') || $name === 'timeout' => (float) $value,
                    $name === 'max_retries' => (int) $value,
                    default => $value,
                };
            }
        }
        // The library names a credential that is missing.
        $client = new Client(...$given + ['clientId' => '', 'clientSecret' => ''], logger: $logger);

        return $store === null ? $client : $client->withJournal($store);
    }

    public static function section(Client $client, string $name): Native
    {
        return $client->$name;
    }
}
