<?php

declare(strict_types=1);

namespace K2Test\Support;

use KopoKopo\Event;
use KopoKopo\Symfony\KopoKopoBundle;
use Symfony\Bundle\FrameworkBundle\FrameworkBundle;
use Symfony\Bundle\FrameworkBundle\Kernel\MicroKernelTrait;
use Symfony\Component\Config\Loader\LoaderInterface;
use Symfony\Component\DependencyInjection\ContainerBuilder;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\HttpKernel\Kernel;
use Symfony\Component\Routing\Loader\Configurator\RoutingConfigurator;

/** An application of Symfony in a temporary folder. */
final class SymfonyApp extends Kernel
{
    use MicroKernelTrait;

    /** @var \Closure(Event): mixed What the controller does. */
    public \Closure $handler;

    /**
     * @param array<string, mixed> $config The configuration of the bundle.
     * @param array<string, object> $services
     * @param bool $hasLogger Whether it has the tests' logger. Otherwise it has Symfony's own.
     */
    public function __construct(
        private readonly string $folder,
        private readonly array $config,
        private array $services = [],
        bool $hasLogger = true,
    ) {
        $this->services += $hasLogger ? ['logger' => Log::shared()] : [];
        parent::__construct('test_' . \bin2hex(\random_bytes(4)), false);
    }

    public function registerBundles(): iterable
    {
        return [new FrameworkBundle(), new KopoKopoBundle()];
    }

    public function getProjectDir(): string
    {
        return $this->folder;
    }

    protected function configureContainer(ContainerBuilder $container, LoaderInterface $loader): void
    {
        $container->loadFromExtension('framework', ['secret' => 'x', 'http_method_override' => false]);
        if ($this->config !== []) {
            $container->loadFromExtension('kopokopo', $this->config);
        }
        foreach (\array_keys($this->services) as $id) {
            $container->register($id)->setSynthetic(true)->setPublic(true);
        }
        $container->setAlias('test.client', \KopoKopo\Client::class)->setPublic(true);
    }

    protected function initializeContainer(): void
    {
        parent::initializeContainer();
        foreach ($this->services as $id => $service) {
            $this->container->set($id, $service);
        }
    }

    protected function configureRoutes(RoutingConfigurator $routes): void
    {
        $routes->add('results', '/k2/{event}')->controller('kernel::results');
    }

    public function results(Event $event): Response
    {
        ($this->handler)($event);

        return new Response();
    }

    /** @param array<string, string> $server */
    public function request(string $method, string $path, string $body = '', array $server = []): Response
    {
        return $this->handle(Request::create($path, $method, [], [], [], $server, $body));
    }
}
