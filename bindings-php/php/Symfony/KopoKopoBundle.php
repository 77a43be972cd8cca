<?php

declare(strict_types=1);

namespace KopoKopo\Symfony;

use Symfony\Component\DependencyInjection\Extension\ExtensionInterface;
use Symfony\Component\HttpKernel\Bundle\Bundle;

/** The bundle: `KopoKopo\Symfony\KopoKopoBundle::class => ['all' => true]` in `config/bundles.php`. */
final class KopoKopoBundle extends Bundle
{
    public function getContainerExtension(): ?ExtensionInterface
    {
        return new KopoKopoExtension();
    }

    public function getPath(): string
    {
        return __DIR__;
    }
}
