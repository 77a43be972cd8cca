<?php

declare(strict_types=1);

namespace KopoKopo\Symfony;

use Symfony\Component\HttpKernel\Controller\ArgumentValueResolverInterface;
use Symfony\Component\HttpKernel\Controller\ValueResolverInterface;

// Symfony 6.2 has a new interface, and Symfony 7 has no other.
if (\interface_exists(ValueResolverInterface::class)) {
    /** Passes the verified event to a controller's argument of the type `KopoKopo\Event`. */
    final class EventResolver implements ValueResolverInterface
    {
        use ResolvesEvent;
    }
} else {
    /** Passes the verified event to a controller's argument of the type `KopoKopo\Event`. */
    final class EventResolver implements ArgumentValueResolverInterface
    {
        use ResolvesEvent;
    }
}
