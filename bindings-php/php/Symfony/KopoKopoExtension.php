<?php

declare(strict_types=1);

namespace KopoKopo\Symfony;

use KopoKopo\Client;
use KopoKopo\Journal;
use KopoKopo\Webhook\Receiver;
use KopoKopo\WebhookVerifier;
use Symfony\Component\DependencyInjection\ContainerBuilder;
use Symfony\Component\DependencyInjection\ContainerInterface;
use Symfony\Component\DependencyInjection\Extension\Extension;
use Symfony\Component\DependencyInjection\Reference;

/**
 * Defines the services `KopoKopo\Client`, `KopoKopo\WebhookVerifier` and, with a journal, `KopoKopo\Journal`.
 *
 * @internal
 */
final class KopoKopoExtension extends Extension
{
    public function getAlias(): string
    {
        return 'kopokopo';
    }

    /** @param array<mixed> $configs */
    public function load(array $configs, ContainerBuilder $container): void
    {
        $config = $this->processConfiguration(new Configuration(), $configs);
        ['journal' => $store, 'on_unreadable' => $unreadable] = $config;
        unset($config['journal'], $config['on_unreadable']);
        $logger = new Reference('logger', ContainerInterface::NULL_ON_INVALID_REFERENCE);

        $container->register(Client::class, Client::class)
            ->setFactory([Clients::class, 'make'])
            ->setArguments([$config, $store === null ? null : new Reference($store), $logger])
            ->addTag('monolog.logger', ['channel' => 'kopokopo']);
        $sections = [WebhookVerifier::class => 'webhooks'] + ($store === null ? [] : [Journal::class => 'journal']);
        foreach ($sections as $class => $section) {
            $container->register($class, $class)
                ->setFactory([Clients::class, 'section'])
                ->setArguments([new Reference(Client::class), $section]);
        }
        $container->register(Receiver::class, Receiver::class)->setArguments([
            new Reference(WebhookVerifier::class),
            $store === null ? null : new Reference(Journal::class),
            $unreadable === null ? null : new Reference($unreadable),
            $logger,
        ])->addTag('monolog.logger', ['channel' => 'kopokopo']);
        $container->register(EventResolver::class, EventResolver::class)
            ->setArguments([new Reference(Receiver::class)])
            // Before the resolver of route parameters: a parameter with the argument's name is not the event.
            ->addTag('controller.argument_value_resolver', ['priority' => 150]);
        $container->register(FailureListener::class, FailureListener::class)
            ->setArguments([new Reference(Receiver::class)])
            // Before the security component, which can redirect, and before the error page.
            ->addTag('kernel.event_listener', ['event' => 'kernel.exception', 'method' => 'onException', 'priority' => 10]);
    }
}
