<?php

// What the package exports, found by reflection, with the contract's names.

declare(strict_types=1);

use KopoKopo\Destination;
use KopoKopo\EventPayload;
use KopoKopo\Exception\KopoKopoException;
use KopoKopo\Internal\Native;
use KopoKopo\Internal\OpenEnum;
use KopoKopo\Internal\Record;

final class Surface
{
    /** @return array<string, mixed> */
    public static function of(): array
    {
        $objects = $records = $unions = $enums = $functions = [];
        foreach (\get_declared_classes() as $class) {
            $name = \str_starts_with($class, 'KopoKopo\\') ? \substr($class, 9) : '';
            if ($name === '' || (new ReflectionClass($class))->isAbstract()) {
                continue;
            }
            if (\is_a($class, BackedEnum::class, true)) {
                $enums[$name] = \array_column($class::cases(), 'value');
            } elseif (\is_subclass_of($class, Native::class)) {
                $objects[$name === 'Client' ? 'KopoKopo' : $name] = self::methods($class);
            } elseif (\is_subclass_of($class, OpenEnum::class)) {
                $enums[$name] = $class::WORDS;
            } elseif (\is_subclass_of($class, EventPayload::class) || \is_subclass_of($class, Destination::class)) {
                $union = \strstr($name, '\\', true);
                $unions[$union][$class::KIND] = self::parameters((new ReflectionClass($class))->getConstructor());
            } elseif (\is_subclass_of($class, Record::class) && $name !== 'AccessToken') {
                $records[$name] = self::parameters((new ReflectionClass($class))->getConstructor());
            }
        }
        foreach (\get_defined_functions()['user'] as $function) {
            if (\preg_match('/^kopokopo\\\\[a-z]+$/', $function)) {
                $found = new ReflectionFunction($function);
                $functions[Tagged::snake($found->getShortName())] = self::parameters($found);
            }
        }

        return [
            'objects' => $objects,
            'records' => $records,
            'unions' => $unions,
            'enums' => $enums,
            'errors' => \array_keys(KopoKopoException::CLASSES),
            'functions' => $functions,
            'contract_hash' => \KopoKopo\CONTRACT_HASH,
        ];
    }

    /** @return list<string> */
    private static function parameters(?ReflectionFunctionAbstract $function): array
    {
        $parameters = $function?->getParameters() ?? [];

        return \array_map(static fn (ReflectionParameter $found) => Tagged::snake($found->getName()), $parameters);
    }

    /** @return array<string, list<string>> */
    private static function methods(string $class): array
    {
        $methods = [];
        foreach ((new ReflectionClass($class))->getMethods(ReflectionMethod::IS_PUBLIC) as $method) {
            if ($method->class === $class) {
                $name = $method->getName() === '__construct' ? 'new' : Tagged::snake($method->getName());
                // The short form of an option of the client, and the logger, which is PHP's own.
                $own = $class === KopoKopo\Client::class ? ['logger'] : ['idempotency_key'];
                $methods[$name] = \array_values(\array_diff(self::parameters($method), $own));
            }
        }
        foreach ($class::SECTIONS as [$word]) {
            $methods[$word] = [];
        }

        return $methods;
    }
}
